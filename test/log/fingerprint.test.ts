import {expect, test} from 'vitest'
import {fingerprint} from '../../src/log/fingerprint.js'

function shape(sql: string): string {
  const buf = Buffer.from(sql)
  const {h1, h2} = fingerprint(buf, 0, buf.length)
  return `${h1}/${h2}`
}

const literal = (sql: string) => {
  const buf = Buffer.from(sql)
  return fingerprint(buf, 0, buf.length).literal
}

test.each([
  ['select a from t where id = 1', 'SELECT a  FROM t\n\tWHERE id = $1;'],
  ["select a from t where x = 'it''s'", 'select a from t where x = -12.5e-3'],
  ["select E'a\\'b', 1", "select 'c', 2"],
  ["select 'a' /* x /* nested */ y */ from t -- end", "select 'b' from t"],
  ['select a from t where id in (1)', "select a from t where id in ($1, $2, '3')"],
  ['insert into t (a, b) values (1, 2)', "insert into t (a, b) values (3, 'x'), (4, 'y'), (5, 'z')"],
  ["select $$it's$$", "select $tag$ $$ ' $tag$"],
  ["select U&'\\0041', x'1F', b'1', n'q'", "select 'a', 'b', 'c', 'd'"],
  ["select '\u00e4\ufffd", "select 'never closed"],
])('%j is %j', (a, b) => {
  expect(shape(a)).toBe(shape(b))
})

test.each([
  ['select a from t where id = 1', 'select b from t where id = 1'],
  ['select a1 from t', 'select a2 from t'],
  ['select "A" from t', 'select "a" from t'],
  ['select a from t where id = 1', 'select a from t where id <> 1'],
  ['select ab from t', 'select a b from t'],
  ['select a from t limit 1', 'select a from t limit 1 offset 2'],
  ['select a - 1 from t', 'select a + 1 from t'],
  ['insert into t values (1)', 'insert into t values (1), (now())'],
])('%j is not %j', (a, b) => {
  expect(shape(a)).not.toBe(shape(b))
})

test('the values are one hash, the parameters none', () => {
  expect(literal('select 1, 2')).not.toBe(literal('select 12'))
  expect(literal("select a from t where id = 'x'")).toBe(literal("SELECT  a from t where id = 'x'"))
  expect(literal('select $1')).toBe(literal('select $2'))
  const buf = Buffer.from('select a from t where id in (1, 2, 3) and b in ($1)')
  expect(fingerprint(buf, 0, buf.length)).toMatchObject({parameters: true, listLength: 3})
})
