import {hasMilliseconds, sessionAt, sessionEnd, timeAt} from './bytes.js'
import {countMalformed, countOverlong, newCounts, type Reader, type Sink, type Where} from './reader.js'

const NEWLINE = 10
const COMMA = 44
const QUOTE = 34
const [TIME, SESSION, SEVERITY, MESSAGE, DETAIL] = [0, 5, 11, 13, 14] as const
const KEPT = 15
/** PostgreSQL 12 has 23 columns, later versions more. */
const MIN_COLUMNS = 23

/** The format of log_destination = csvlog: a record ends at a newline outside of quotes. */
export function csvReader(sink: Sink, file: number): Reader {
  const where: Where = {file, line: 0, session: -1, time: -1}
  const counts = newCounts()
  const from = new Int32Array(KEPT)
  const to = new Int32Array(KEPT)
  const texts = [unquoter(), unquoter()]
  let skipping = false

  function record(buf: Buffer, start: number, end: number, columns: number): void {
    const isRecord = columns >= MIN_COLUMNS && timeAt(buf, start) >= 0
    if (!isRecord) {
      if (end > start + 1) countMalformed(counts, counts.lines + 1, buf, start, end)
      return
    }
    counts.entries += 1
    if (to[SEVERITY]! - from[SEVERITY]! !== 3 || buf[from[SEVERITY]!] !== 76) return
    where.line = counts.lines + 1
    where.time = timeAt(buf, from[TIME]!)
    const session = sessionEnd(buf, from[SESSION]!, to[SESSION]!)
    where.session = session < 0 ? -1 : sessionAt(buf, from[SESSION]!, session)
    emit(buf, MESSAGE)
    if (to[DETAIL]! > from[DETAIL]!) emit(buf, DETAIL)
  }

  function emit(buf: Buffer, column: typeof MESSAGE | typeof DETAIL): void {
    const {text, length} = texts[column - MESSAGE]!(buf, from[column]!, to[column]!)
    const start = text === buf ? from[column]! : 0
    if (column === MESSAGE) sink.message(where, text, start, start + length)
    else sink.detail(where, text, start, start + length)
  }

  return {
    counts,
    has: {session: true, time: true, milliseconds: true},
    scan(buf, have, final) {
      const view = buf.subarray(0, have)
      let start = 0
      while (start < have) {
        const {end, columns, lines} = split(view, start, from, to)
        if (end < 0 && !final) break
        const stop = end < 0 ? have : end
        if (skipping) skipping = timeAt(view, stop + 1) < 0
        else record(view, start, stop, columns)
        counts.lines += lines
        start = stop + 1
      }
      return Math.min(start, have)
    },
    skip() {
      if (!skipping) countOverlong(counts)
      skipping = true
    },
  }
}

type Split = {end: number; columns: number; lines: number}

/**
 * Finds the columns of the record at `start` and the newline that ends it: -1 when that is not in the buffer. No
 * columns: this is no record, or one that was cut off.
 */
function split(view: Buffer, start: number, from: Int32Array, to: Int32Array): Split {
  let column = 0
  let lines = 1
  for (let at = start; at < view.length; at += 1) {
    const first = at
    if (view[at] === QUOTE) {
      for (at += 1; at < view.length; at += 1) {
        const byte = view[at]
        if (byte === QUOTE) {
          if (view[at + 1] !== QUOTE) break
          at += 1
        } else if (byte === NEWLINE) {
          if (isRecordStart(view, at + 1)) return {end: at, columns: 0, lines}
          lines += 1
        }
      }
      if (column < KEPT) {
        from[column] = first + 1
        to[column] = at
      }
      at += 1
    } else {
      while (at < view.length && view[at] !== COMMA && view[at] !== NEWLINE) at += 1
      if (column < KEPT) {
        from[column] = first
        to[column] = at
      }
    }
    column += 1
    if (view[at] === NEWLINE) return {end: at, columns: column, lines}
    if (view[at] === 13 && view[at + 1] === NEWLINE) return {end: at + 1, columns: column, lines}
    // Anything else behind a closing quote is no CSV: the line is left at its end.
    if (at < view.length && view[at] !== COMMA) return {end: view.indexOf(NEWLINE, at), columns: 0, lines}
  }
  return {end: -1, columns: column, lines}
}

/** `2027-03-14 10:11:12.345 UTC,"user",` or `...UTC,,,`; quotes of a text would be doubled. */
function isRecordStart(view: Buffer, at: number): boolean {
  if (timeAt(view, at) < 0 || !hasMilliseconds(view, at)) return false
  let comma = at + 23
  while (comma < at + 32 && view[comma] !== COMMA) comma += 1
  if (view[comma] !== COMMA) return false
  return view[comma + 1] === COMMA || (view[comma + 1] === QUOTE && view[comma + 2] !== QUOTE)
}

/** Gives a text as it is in the buffer, or with its doubled quotes undone in a buffer of its own. */
function unquoter() {
  let own = Buffer.allocUnsafe(0)
  return (buf: Buffer, start: number, end: number): {text: Buffer; length: number} => {
    const first = buf.indexOf(QUOTE, start)
    if (first < 0 || first >= end) return {text: buf, length: end - start}
    if (own.length < end - start) own = Buffer.allocUnsafe(2 * (end - start))
    let length = 0
    for (let at = start; at < end; at += 1) {
      const byte = buf[at]!
      own[length] = byte
      length += 1
      if (byte === QUOTE) at += 1
    }
    return {text: own, length}
  }
}
