import {describe, expect, test} from 'vitest'
import {csvReader} from '../../src/log/csvlog.js'
import {jsonReader} from '../../src/log/jsonlog.js'
import {prefixMatcher} from '../../src/log/prefix.js'
import type {Reader, Sink} from '../../src/log/reader.js'
import {stderrReader} from '../../src/log/stderr.js'

type Make = (sink: Sink) => Reader
const stderr: Make = sink => stderrReader(prefixMatcher('%m [%p] '), sink, 0)
const csv: Make = sink => csvReader(sink, 0)
const json: Make = sink => jsonReader(sink, 0)

/** What the sink gets when the bytes arrive in pieces of this size. */
function read(make: Make, log: string | Buffer, piece = 1 << 20) {
  const seen: string[] = []
  const sink: Sink = {
    message: ({line, session}, buf, start, end) => seen.push(`${line} ${session} ${buf.toString('utf8', start, end)}`),
    detail: ({line, session}, buf, start, end) => seen.push(`${line} ${session} D ${buf.toString('utf8', start, end)}`),
  }
  const reader = make(sink)
  const bytes = Buffer.from(log)
  let used = 0
  for (let have = 0; have < bytes.length; ) {
    have = Math.min(bytes.length, have + piece)
    used += reader.scan(Buffer.from(bytes.subarray(used, have)), have - used, false)
  }
  const rest = Buffer.from(bytes.subarray(used))
  reader.scan(rest, rest.length, true)
  return {seen, ...reader.counts}
}

const HEAD = '2027-03-14 10:11:12.345 UTC [7] '
const csvLine = (message: string, detail = '', severity = 'LOG') =>
  `2027-03-14 10:11:12.345 UTC,"me","shop",7,"[local]",0.7,1,"SELECT",2027-03-14 10:00:00 UTC,3/1,0,${severity},00000,${message},${detail},,,,,,,,"app","client backend",,0`
const jsonLine = (message: string, detail?: string) =>
  JSON.stringify({
    timestamp: '2027-03-14 10:11:12.345 UTC',
    user: 'me',
    pid: 7,
    session_id: '0.7',
    error_severity: 'LOG',
    message,
    detail,
    query_id: 0,
  })

const LOGS: [string, Make, string, string[]][] = [
  [
    'stderr',
    stderr,
    `${HEAD}LOG:  statement: SELECT 1\n\tFROM t\n\n${HEAD}DETAIL:  parameters: $1 = 'a\n\tb'\n${HEAD}ERROR:  no\n${HEAD}LOG:  last`,
    ['1 7 statement: SELECT 1\n\tFROM t', "4 7 D parameters: $1 = 'a\n\tb'", '7 7 last'],
  ],
  [
    'csvlog',
    csv,
    `${csvLine('"statement: SELECT ""a"",\n2027 FROM t"', '"x, y"')}\n${csvLine('"no"', '', 'ERROR')}\n${csvLine('last')}`,
    ['1 7 statement: SELECT "a",\n2027 FROM t', '1 7 D x, y', '4 7 last'],
  ],
  [
    'jsonlog',
    json,
    `${jsonLine('statement: SELECT "a\\"\n\té\u0001"', 'x')}\n${jsonLine('last')}\n`,
    ['1 7 statement: SELECT "a\\"\n\té\u0001"', '1 7 D x', '2 7 last'],
  ],
]

describe.each(LOGS)('%s', (_, make, log, expected) => {
  test.each([1, 2, 7, 64, 1 << 20])('in pieces of %i bytes', piece => {
    const {seen, malformed} = read(make, log, piece)
    expect(seen).toEqual(expected)
    expect(malformed).toBe(0)
  })
  test('CRLF', () => {
    expect(read(make, log.replaceAll('\n', '\r\n')).seen.map(text => text.replaceAll('\r', ''))).toEqual(expected)
  })
  test('cut off anywhere, no other entry is lost', () => {
    for (let cut = 1; cut < log.length; cut += 1) {
      const whole = `${log.slice(0, cut)}\n${log}`
      expect(
        read(make, whole)
          .seen.slice(-expected.length)
          .map(text => text.replace(/^\d+/, '')),
      ).toEqual(expected.map(text => text.replace(/^\d+/, '')))
    }
  })
  test('noise between the lines is counted and outlined, not shown', () => {
    const noise = "cp: cannot stat 'geheim 123' ä"
    const {seen, malformed, firstMalformed} = read(make, `${noise}\n${log}\n${noise}\n`)
    expect(seen).toHaveLength(expected.length)
    expect(malformed).toBe(2)
    expect(firstMalformed).toEqual({line: 1, outline: "xx: xxxxxx xxxx 'xxxxxx 999' x"})
  })
  test('broken UTF-8 and NUL', () => {
    const bytes = Buffer.from(log.replace('SELECT', 'S\u0080\u0000\u0081CT'), 'latin1')
    expect(read(make, bytes).seen).toHaveLength(expected.length)
  })
  test('after an entry that is too long the next one is read', () => {
    const sink: string[] = []
    const reader = make({
      message: (_where, buf, start, end) => sink.push(buf.toString('utf8', start, end)),
      detail: () => {},
    })
    reader.skip()
    const rest = Buffer.from(`the rest of it\n${log}`)
    reader.scan(rest, rest.length, true)
    expect(sink.at(-1)).toBe('last')
    expect(reader.counts.malformed).toBe(1)
  })
})
