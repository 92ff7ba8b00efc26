import {expect, test} from 'vitest'
import {prefixMatcher} from '../../src/log/prefix.js'
import {recognisePrefix} from '../../src/log/recognise.js'

const TIME = Date.UTC(2027, 2, 14, 10, 11, 12)

function fieldsOf(prefix: string, line: string) {
  const matcher = prefixMatcher(prefix)
  const buf = Buffer.from(line)
  return matcher.match(buf, 0, buf.length) ? {...matcher.fields, text: line.slice(matcher.fields.textAt)} : null
}

test.each([
  ['%m [%p] ', '2027-03-14 10:11:12.345 CET [77] LOG:  x', 77, TIME + 345],
  ['%t:%r:%u@%d:[%p]:', '2027-03-14 10:11:12 UTC:10.0.0.7(5432):me@shop:[77]:LOG:  x', 77, TIME],
  ['%n %p %a|', `${(TIME + 345) / 1000} 77 PostgreSQL JDBC Driver|LOG:  x`, 77, TIME + 345],
  ['%m %-8p %u ', '2027-03-14 10:11:12.345 +0530 77       me LOG:  x', 77, TIME + 345],
  ['%c %s %m %%', '65f2cc00.4d 2027-03-14 09:00:00 UTC 2027-03-14 10:11:12.345 UTC %LOG:  x', undefined, TIME + 345],
  ['%v %u', '3/1234 LOG: LOG:  x', 3, -1],
  ['', 'LOG:  x', -1, -1],
])('%s', (prefix, line, session, time) => {
  const fields = fieldsOf(prefix, line)!
  expect(fields).toMatchObject({time, severity: 'log', text: 'x'})
  if (session === undefined) expect(fields.session).toBeGreaterThan(2 ** 40)
  else expect(fields.session).toBe(session)
})

test('a process without a session stops at %q', () => {
  expect(fieldsOf('%m [%p] %q%u@%d ', '2027-03-14 10:11:12.345 UTC [77] LOG:  x')).toMatchObject({
    session: 77,
    text: 'x',
  })
  expect(fieldsOf('%m [%p] %u@%d ', '2027-03-14 10:11:12.345 UTC [77] LOG:  x')).toBeNull()
})

test('names that look like a prefix', () => {
  const line = '2027-03-14 10:11:12.345 UTC [77] a@b@c d DETAIL:  x'
  expect(fieldsOf('%m [%p] %u@%d ', line)).toMatchObject({severity: 'detail', text: 'x'})
})

test('a hostile line costs no more than an ordinary one', () => {
  const matcher = prefixMatcher('%u@%d@%a@%h@%i@ ')
  const buf = Buffer.from('@'.repeat(100_000))
  const start = performance.now()
  expect(matcher.match(buf, 0, buf.length)).toBe(false)
  expect(performance.now() - start).toBeLessThan(100)
})

test('an unknown escape is refused', () => {
  expect(() => prefixMatcher('%m %y')).toThrow('log_line_prefix has no %y')
})

const PIDS = [41, 42, 41, 43]
const line = (head: (pid: number, i: number) => string) =>
  Array.from({length: 40}, (_, i) => `${head(PIDS[i % 4]!, i)}LOG:  statement: SELECT 'LOG:  ${i}'`).join('\n')

test.each([
  ['%m [%p] ', line(pid => `2027-03-14 10:11:12.345 UTC [${pid}] `)],
  ['debian', line((pid, i) => `2027-03-14 10:11:12.345 CEST [${pid}] ${i % 9 ? 'app@shop ' : ''}`)],
  ['RDS', line(pid => `2027-03-14 10:11:12 UTC:10.0.0.${pid}(5432):app@shop:[${pid}]:`)],
  [
    'pgbadger',
    line(
      (pid, i) => `2027-03-14 10:11:12 UTC [${pid}]: [${i}-1] user=app,db=shop,app=${i % 3 ? 'x y' : ''},client=::1 `,
    ),
  ],
  ['line number, then process', line((pid, i) => `${i + 1000} 2027-03-14 10:11:12.345 UTC ${pid} `)],
  ['process, then transaction', line((pid, i) => `${pid} ${i + 5} 2027-03-14 10:11:12.345 UTC `)],
  ['named', line((pid, i) => `xid=${i},pid=${pid},time=1805019072.345: `)],
  ['Azure', line(pid => `2027-03-14 10:11:12 UTC-65f2cc00.${pid}-`)],
  ['with an SQLSTATE', line(pid => `2027-03-14 10:11:12.345 UTC [${pid}] 00000 `)],
])('recognises %s', (_, sample) => {
  const {matcher} = recognisePrefix(sample)!
  const sessions = sample.split('\n').map(text => {
    const buf = Buffer.from(text)
    expect(matcher.match(buf, 0, buf.length)).toBe(true)
    expect(text.slice(matcher.fields.textAt)).toMatch(/^statement/)
    expect(matcher.fields.time).toBeGreaterThan(0)
    return matcher.fields.session
  })
  expect(new Set(sessions).size).toBe(3)
  expect(sessions[0]).toBe(sessions[2])
})

test('what is no log is not recognised', () => {
  expect(recognisePrefix('hello\nworld\n')).toBeNull()
})
