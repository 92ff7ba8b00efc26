import type {PrefixMatcher} from './prefix.js'
import {countMalformed, countOverlong, newCounts, type Reader, type Sink, type Where} from './reader.js'

const NEWLINE = 10
const CARRIAGE_RETURN = 13
const TAB = 9

/** The format of log_destination = stderr: a prefix, then the message; its further lines start with a tab. */
export function stderrReader(matcher: PrefixMatcher, sink: Sink, file: number): Reader {
  const where: Where = {file, line: 0, session: -1, time: -1}
  const counts = newCounts()
  let skipping = false

  function entry(buf: Buffer, start: number, lineEnd: number, end: number): void {
    const {fields} = matcher
    if (!matcher.match(buf, start, lineEnd)) {
      if (lineEnd > start) countMalformed(counts, counts.lines + 1, buf, start, lineEnd)
      return
    }
    counts.entries += 1
    if (fields.severity === 'other') return
    where.line = counts.lines + 1
    where.session = fields.session
    where.time = fields.time
    if (fields.severity === 'log') sink.message(where, buf, fields.textAt, end)
    else sink.detail(where, buf, fields.textAt, end)
  }

  return {
    counts,
    has: matcher.has,
    scan(buf, have, final) {
      const view = buf.length === have ? buf : buf.subarray(0, have)
      let start = 0
      while (start < have) {
        let newline = view.indexOf(NEWLINE, start)
        if (newline < 0 && !final) break
        const firstEnd = newline < 0 ? have : newline
        let end = firstEnd
        let lines = 1
        while (newline >= 0 && view[newline + 1] === TAB) {
          newline = view.indexOf(NEWLINE, newline + 1)
          end = newline < 0 ? have : newline
          lines += 1
        }
        // Whether the next line belongs to this entry is seen at its first byte.
        if (!final && (newline < 0 || newline + 1 >= have)) break
        const trimmed = end > start && buf[end - 1] === CARRIAGE_RETURN ? end - 1 : end
        if (skipping) skipping = false
        else entry(buf, start, Math.min(firstEnd, trimmed), trimmed)
        counts.lines += lines
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
