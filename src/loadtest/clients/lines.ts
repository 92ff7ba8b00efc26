const LONGEST = 1 << 23

/** Reads whole lines from pieces of text; `end` gives the number of a last line without its line end, which is left out. */
export function lineReader(take: (line: string) => void): {push(text: string): void; end(): number | null} {
  let rest = ''
  let line = 1
  return {
    push(text) {
      const all = rest + text
      let at = 0
      for (let end = all.indexOf('\n'); end >= 0; end = all.indexOf('\n', at)) {
        if (end > at) take(all.slice(at, end))
        line += 1
        at = end + 1
      }
      // A line this long is none; its end is looked for in the pieces that follow.
      rest = all.length - at > LONGEST ? '?' : all.slice(at)
    },
    end: () => (rest === '' ? null : line),
  }
}
