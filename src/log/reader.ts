/** What the readers of all formats tell about a line; one object per file, overwritten for each line. */
export type Where = {
  /** index of the file */
  file: number
  /** 1-based number of the line on which the entry starts */
  line: number
  /** a number for the session; -1: the line does not say */
  session: number
  /** milliseconds of the log's own clock; -1: the line does not say */
  time: number
}

/** Receives the messages of severity LOG, in the order of the file. Buffers are valid during the call only. */
export type Sink = {
  message(where: Where, buf: Buffer, start: number, end: number): void
  /** DETAIL of the last message of the same session */
  detail(where: Where, buf: Buffer, start: number, end: number): void
}

export type ReaderCounts = {
  lines: number
  /** entries in this format, of any severity */
  entries: number
  malformed: number
  firstMalformed?: {line: number; outline: string}
}

export type LogFormat = 'stderr' | 'csvlog' | 'jsonlog'

/** Reads one file of one format; fed with what stands in a buffer. */
export type Reader = {
  counts: ReaderCounts
  has: {session: boolean; time: boolean; milliseconds: boolean}
  /**
   * Reads the whole entries in buf[0, end) and returns where the first incomplete one starts. With `final` nothing
   * follows. An entry that does not fit into the largest buffer is given to `skip`.
   */
  scan(buf: Buffer, end: number, final: boolean): number
  /** The entry at buf[0] is too long: what follows is passed over until the next one starts. */
  skip(): void
}

const OUTLINED = 80
const KNOWN = /\b(?:LOG|ERROR|DETAIL|STATEMENT|HINT|FATAL|duration|statement|execute|ms)\b/g

/** Counts a line that is no log line, and keeps an outline of the first: letters as x, digits as 9, nothing readable. */
export function countMalformed(counts: ReaderCounts, line: number, buf: Buffer, start: number, end: number): void {
  counts.malformed += 1
  if (counts.firstMalformed) return
  const text = buf.toString('utf8', start, Math.min(end, start + OUTLINED)).trimEnd()
  const mask = (part: string) =>
    part
      .replace(/\p{L}/gu, 'x')
      .replace(/\d/g, '9')
      .replace(/[^\x20-\x7e]/g, '?')
  let outline = ''
  let at = 0
  for (const known of text.matchAll(KNOWN)) {
    outline += mask(text.slice(at, known.index)) + known[0]
    at = known.index + known[0].length
  }
  counts.firstMalformed = {line, outline: outline + mask(text.slice(at)) + (end - start > OUTLINED ? '...' : '')}
}

/** Counts an entry that does not fit into the largest buffer. */
export function countOverlong(counts: ReaderCounts): void {
  counts.malformed += 1
  counts.firstMalformed ??= {line: counts.lines + 1, outline: '(an entry of more than 8 MB)'}
}

export const newCounts = (): ReaderCounts => ({lines: 0, entries: 0, malformed: 0})
