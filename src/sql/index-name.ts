/** PostgreSQL cuts longer names off, silently (NAMEDATALEN - 1). */
const MAX_BYTES = 63

const SUFFIX = '_idx'

/**
 * A free name for a new index in PostgreSQL's own manner: `table_column_column_idx`, of at most 63 bytes, with a number
 * where that is taken. The name is added to `taken`, the names of the schema's relations.
 */
export function newIndexName(table: string, columns: readonly string[], taken: Set<string>): string {
  const base = [table, ...columns].join('_')
  for (let number = 0; ; number += 1) {
    const ending = number === 0 ? SUFFIX : `${SUFFIX}${number}`
    const name = cut(base, MAX_BYTES - ending.length) + ending
    if (taken.has(name)) continue
    taken.add(name)
    return name
  }
}

/** At most `bytes` of UTF-8, never half a character. */
function cut(text: string, bytes: number): string {
  let left = bytes
  let end = 0
  for (const char of text) {
    left -= Buffer.byteLength(char)
    if (left < 0) break
    end += char.length
  }
  return text.slice(0, end)
}
