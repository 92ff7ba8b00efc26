import {beforeAll, describe, expect, it} from 'vitest'
import {loadParser, predicatesOf, tablesOf} from '../../src/sql/parse.js'

const names = (sql: string) => tablesOf(sql)?.map(({schema, name}) => (schema === null ? name : `${schema}.${name}`))

describe('tablesOf', () => {
  beforeAll(loadParser)

  it.each<[string, string[]]>([
    ['SELECT $1', []],
    ['SELECT * FROM "django_session" WHERE "django_session"."session_key" = $1 LIMIT $2', ['django_session']],
    ['SELECT * FROM Public.Session s JOIN "T" ON true', ['public.session', 'T']],
    ['UPDATE a.t SET x = $1 FROM u WHERE u.id = (SELECT max(id) FROM v)', ['a.t', 'u', 'v']],
    ['INSERT INTO t (x) SELECT x FROM u ON CONFLICT DO NOTHING', ['t', 'u']],
    ['MERGE INTO t USING u ON t.id = u.id WHEN MATCHED THEN DELETE', ['t', 'u']],
    ['SELECT * FROM t x FOR UPDATE OF x', ['t']],
    ['WITH c AS (SELECT * FROM t) SELECT * FROM c, s.c', ['s.c', 't']],
    ['WITH t AS (SELECT * FROM t) SELECT * FROM t', ['t']],
    ['WITH RECURSIVE c AS (SELECT * FROM t UNION ALL SELECT * FROM c) SELECT * FROM c', ['t']],
    ['SELECT * FROM (WITH c AS (SELECT 1) SELECT * FROM c) x, c', ['c']],
    ['DELETE FROM t WHERE at < now() - interval $1', ['t']],
    ['SELECT * FROM t; SELECT * FROM u', ['t', 'u']],
    ['SELECT * FROM t, t', ['t']],
  ])('%s', (sql, expected) => {
    expect(names(sql)?.sort()).toEqual(expected.sort())
  })

  it.each(['SELECT * FROM', 'not sql at all', 'SELECT * FROM t WHERE a = $', `SELECT ${'('.repeat(20_000)}`])(
    'knows nothing of what does not parse: %.40s',
    sql => {
      expect(tablesOf(sql)).toBeNull()
      expect(names('SELECT 1 FROM still_alive')).toEqual(['still_alive'])
    },
  )

  it.each([
    ['parentheses', `${'('.repeat(7000)}1${')'.repeat(7000)}`],
    ['sums', Array(8000).fill('1').join('+')],
    ['sub-queries', `${'(SELECT '.repeat(1500)}1${')'.repeat(1500)}`],
  ])('survives deeply nested %s', (_, expression) => {
    expect([null, ['t']]).toContainEqual(names(`SELECT ${expression} FROM t`) ?? null)
    expect(names('SELECT 2 FROM still_alive')).toEqual(['still_alive'])
  })
})

describe('predicatesOf', () => {
  beforeAll(loadParser)

  it.each<[string, string[]]>([
    ['SELECT a FROM t', []],
    ['SELECT a FROM t WHERE b = $1 AND t."C" IN ($2) OR lower(d) LIKE $3', ['C', 'b', 'd']],
    ['SELECT a FROM t JOIN u USING (k) JOIN v ON v.x = t.y', ['k', 'x', 'y']],
    ['UPDATE t SET a = b WHERE c BETWEEN $1 AND $2', ['c']],
    ['DELETE FROM t USING u WHERE u.id = t.u_id', ['id', 'u_id']],
    ['WITH c AS (SELECT 1 FROM t WHERE at > now()) SELECT * FROM c', ['at']],
    ['SELECT a FROM t WHERE EXISTS (SELECT FROM u WHERE u.b = t.c)', ['b', 'c']],
    ['MERGE INTO t USING u ON t.id = u.t_id WHEN MATCHED THEN DELETE', ['id', 't_id']],
    ['SELECT a FROM t GROUP BY a HAVING sum(b) > $1', ['b']],
  ])('%s', (sql, columns) => expect(predicatesOf(sql)?.columns.sort()).toEqual(columns))

  it('knows the order that a limit follows', () => {
    expect(predicatesOf('SELECT a FROM t ORDER BY t.b DESC LIMIT $1')?.limitedBy).toEqual(['b'])
    expect(predicatesOf('SELECT a FROM t ORDER BY t.b')?.limitedBy).toEqual([])
    expect(predicatesOf('SELECT a FROM t NATURAL JOIN u')?.isNatural).toBe(true)
    expect(predicatesOf('SELECT FROM WHERE')).toBeNull()
  })
})
