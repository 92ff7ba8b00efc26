/** Number of insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`. */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({length: b.length + 1}, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      row[j] = Math.min(last[j]! + 1, row[j - 1]! + 1, replaced)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        row[j] = Math.min(row[j]!, beforeLast[j - 2]! + 1)
      }
    }
    beforeLast = last
    last = row
  }
  return last[b.length]!
}

const plain = (word: string) => word.toLowerCase().replaceAll(/[_\s-]+/g, '-')
const lastSegment = (word: string) => word.slice(word.lastIndexOf('/') + 1)

/**
 * The candidate that `word` most likely meant; undefined when none is near. Case and `_` do not count, and the last
 * segment of a `category/name` is enough.
 */
export function didYouMean(word: string, candidates: Iterable<string>): string | undefined {
  const wanted = plain(word)
  if (wanted === '') return undefined
  let best: {candidate: string; distance: number} | undefined
  for (const candidate of candidates) {
    const whole = editDistance(wanted, plain(candidate))
    const segment = wanted.includes('/') ? whole : editDistance(wanted, plain(lastSegment(candidate))) + 0.5
    const distance = Math.min(whole, segment)
    if (!best || distance < best.distance) best = {candidate, distance}
  }
  const tolerated = Math.max(1, Math.floor(wanted.length / 3)) + 0.5
  return best && best.distance <= tolerated ? best.candidate : undefined
}

/** `did you mean X?`, or `otherwise` when nothing is near. */
export function suggest(word: string, candidates: Iterable<string>, otherwise: string): string {
  const near = didYouMean(word, candidates)
  return near ? `did you mean ${near}?` : otherwise
}
