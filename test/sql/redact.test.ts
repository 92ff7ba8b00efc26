import {describe, expect, it} from 'vitest'
import {redactSql} from '../../src/sql/redact.js'

describe('redactSql', () => {
  it.each([
    ["SELECT * FROM t WHERE a = 'x' AND b = 42", 'SELECT * FROM t WHERE a = $1 AND b = $2'],
    ["ALTER ROLE bob PASSWORD 'hunter2'", 'ALTER ROLE bob PASSWORD $1'],
    [
      "CREATE SUBSCRIPTION s CONNECTION 'host=h password=p' PUBLICATION p",
      'CREATE SUBSCRIPTION s CONNECTION $1 PUBLICATION p',
    ],
    ["SELECT E'it\\'s secret', 'it''s', $$body 'x'$$, $tag$ $$ $tag$", 'SELECT $1, $2, $3, $4'],
    [
      "SELECT U&'\\0441', B'01', X'ff', N'n', 0xFF, 1_000, .5, 1e10, 1.5e-3",
      'SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9',
    ],
    ["SELECT a /* user='bob' /* nested */ 7 */, b -- 'tail'\nFROM t", 'SELECT a , b \nFROM t'],
    [
      'SELECT "it\'s a ""column"" 42" FROM t1 WHERE c2 = $1 AND d = 5',
      'SELECT "it\'s a ""column"" 42" FROM t1 WHERE c2 = $1 AND d = $2',
    ],
    ["SELECT * FROM t WHERE secret = 'truncated her", 'SELECT * FROM t WHERE secret = $1'],
    ['SELECT $tag$ truncated', 'SELECT $1'],
    ['SELECT 1 /* truncated', 'SELECT $1'],
    ["COPY t FROM PROGRAM 'curl -u me:pw https://h'", 'COPY t FROM PROGRAM $1'],
    ['SELECT a.b, $12 FROM t1 WHERE x1 = $2', 'SELECT a.b, $12 FROM t1 WHERE x1 = $2'],
    ['not sql at all: 5 "apples', 'not sql at all: $1 "apples'],
    ["select 1-'2'", 'select $1-$2'],
    ['SELECT x FROM t WHERE a IN ($1 /*, ... */)', 'SELECT x FROM t WHERE a IN ($1 /*, ... */)'],
    ["VALUES ('a'\n'continued')", 'VALUES ($1\n$2)'],
  ])('%s', (text, expected) => {
    expect(redactSql(text)).toBe(expected)
  })

  it('reads backslash escapes in plain strings when standard_conforming_strings is off', () => {
    expect(redactSql("SELECT 'it\\'s secret', 5", false)).toBe('SELECT $1, $2')
  })

  it('leaves already normalized texts alone, quickly', () => {
    const text = `SELECT "a"."b" FROM "a" WHERE "a"."id" IN (${Array.from({length: 2000}, (_, i) => `$${i + 1}`).join(', ')})`
    expect(redactSql(text)).toBe(text)
  })
})
