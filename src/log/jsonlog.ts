import {numberAt, sessionAt, sessionEnd, timeAt} from './bytes.js'
import {countMalformed, countOverlong, newCounts, type Reader, type Sink, type Where} from './reader.js'

const NEWLINE = 10
const QUOTE = 34
const BACKSLASH = 92
const COLON = 58
const CLOSE = 125

/** The format of log_destination = jsonlog: one object per line. Only five of its keys are read. */
export function jsonReader(sink: Sink, file: number): Reader {
  const where: Where = {file, line: 0, session: -1, time: -1}
  const counts = newCounts()
  const texts = {message: unescaper(), detail: unescaper()}
  const found = {time: 0, session: 0, severity: 0, message: 0, detail: 0, pid: 0}
  const ends = {...found}
  let skipping = false

  function line(buf: Buffer, start: number, end: number): void {
    Object.assign(found, {time: 0, session: 0, severity: 0, message: 0, detail: 0, pid: 0})
    if (!readKeys(buf, start, end, found, ends) || found.time === 0 || timeAt(buf, found.time) < 0) {
      if (end > start) countMalformed(counts, counts.lines + 1, buf, start, end)
      return
    }
    counts.entries += 1
    if (found.message === 0 || ends.severity - found.severity !== 3 || buf[found.severity] !== 76) return
    where.line = counts.lines + 1
    where.time = timeAt(buf, found.time)
    where.session = sessionOf(buf)
    emit('message', buf)
    if (found.detail > 0) emit('detail', buf)
  }

  function sessionOf(buf: Buffer): number {
    if (found.session > 0 && sessionEnd(buf, found.session, ends.session) === ends.session) {
      return sessionAt(buf, found.session, ends.session)
    }
    return found.pid > 0 ? numberAt(buf, found.pid, ends.pid) : -1
  }

  function emit(what: 'message' | 'detail', buf: Buffer): void {
    const {text, start, end} = texts[what](buf, found[what], ends[what])
    sink[what](where, text, start, end)
  }

  return {
    counts,
    has: {session: true, time: true, milliseconds: true},
    scan(buf, have, final) {
      const view = buf.subarray(0, have)
      let start = 0
      while (start < have) {
        const newline = view.indexOf(NEWLINE, start)
        if (newline < 0 && !final) break
        const end = newline < 0 ? have : newline
        if (skipping) skipping = false
        else line(view, start, view[end - 1] === 13 ? end - 1 : end)
        counts.lines += 1
        start = end + 1
      }
      return Math.min(start, have)
    },
    skip() {
      if (!skipping) countOverlong(counts)
      skipping = true
    },
  }
}

type Spans = Record<'time' | 'session' | 'severity' | 'message' | 'detail' | 'pid', number>

/** Where the values of the known keys start and end; false: this is no whole JSON object of strings and numbers. */
function readKeys(buf: Buffer, start: number, end: number, found: Spans, ends: Spans): boolean {
  if (buf[start] !== 123 || buf[end - 1] !== CLOSE) return false
  let at = start + 1
  while (at < end) {
    while (buf[at] === 32 || buf[at] === 44) at += 1
    if (buf[at] === CLOSE) return at === end - 1
    if (buf[at] !== QUOTE) return false
    const keyEnd = stringEnd(buf, at, end)
    if (keyEnd < 0) return false
    const key = keyOf(buf, at + 1, keyEnd)
    at = keyEnd + 1
    while (buf[at] === 32 || buf[at] === COLON) at += 1
    const isString = buf[at] === QUOTE
    const valueEnd = isString ? stringEnd(buf, at, end) : plainEnd(buf, at, end)
    if (valueEnd < 0) return false
    if (key !== null) {
      found[key] = isString ? at + 1 : at
      ends[key] = valueEnd
    }
    at = isString ? valueEnd + 1 : valueEnd
  }
  return false
}

function keyOf(buf: Buffer, start: number, end: number): keyof Spans | null {
  switch (end - start) {
    case 3:
      return buf[start] === 112 && buf[start + 1] === 105 ? 'pid' : null
    case 6:
      return buf[start] === 100 && buf[start + 1] === 101 ? 'detail' : null
    case 7:
      return buf[start] === 109 ? 'message' : null
    case 9:
      return buf[start] === 116 ? 'time' : null
    case 10:
      return buf[start] === 115 && buf.toString('latin1', start, end) === 'session_id' ? 'session' : null
    case 14:
      return buf[start] === 101 && buf[start + 1] === 114 ? 'severity' : null
    default:
      return null
  }
}

/** The closing quote of the string that opens at `at`; -1: none before `end`. */
function stringEnd(buf: Buffer, at: number, end: number): number {
  for (let i = at + 1; i < end; i += 1) {
    const byte = buf[i]!
    if (byte === QUOTE) return i
    if (byte === BACKSLASH) i += 1
  }
  return -1
}

function plainEnd(buf: Buffer, at: number, end: number): number {
  let i = at
  while (i < end && buf[i] !== 44 && buf[i] !== CLOSE) i += 1
  return i
}

const CONTROL: Record<number, number> = {110: 10, 116: 9, 114: 13, 98: 8, 102: 12}

/** Gives a string as it is in the buffer, or with its escapes undone in a buffer of its own. */
function unescaper() {
  let own = Buffer.allocUnsafe(0)
  return (buf: Buffer, start: number, end: number): {text: Buffer; start: number; end: number} => {
    if (buf.subarray(start, end).indexOf(BACKSLASH) < 0) return {text: buf, start, end}
    if (own.length < end - start) own = Buffer.allocUnsafe(2 * (end - start))
    let length = 0
    for (let at = start; at < end; at += 1) {
      let byte = buf[at]!
      if (byte === BACKSLASH) {
        at += 1
        byte = buf[at]!
        if (byte === 117) {
          length += own.write(
            String.fromCharCode(Number.parseInt(buf.toString('latin1', at + 1, at + 5), 16) || 63),
            length,
          )
          at += 4
          continue
        }
        byte = CONTROL[byte] ?? byte
      }
      own[length] = byte
      length += 1
    }
    return {text: own, start: 0, end: length}
  }
}
