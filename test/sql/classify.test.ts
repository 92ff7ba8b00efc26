import {beforeAll, describe, expect, it} from 'vitest'
import {loadParser, shapeOf} from '../../src/sql/parse.js'
import type {Column, Shape} from '../../src/sql/shape.js'

const text = ({relation, name}: Column) => `${relation ? relation.name : '?'}.${name}`
const shape = (sql: string): Shape => shapeOf(sql)!
const equals = (sql: string) => shape(sql).equals.map(text)
const targets = (sql: string) => shape(sql).targets.map(text)

beforeAll(loadParser)

describe('the one value that a statement looks up', () => {
  it.each<[string, string[]]>([
    ['SELECT * FROM t WHERE id = $1', ['t.id']],
    ['SELECT * FROM t WHERE $1 = id', ['t.id']],
    ['SELECT * FROM t WHERE id IN ($1)', ['t.id']],
    ['SELECT * FROM t WHERE id = $1::uuid LIMIT $2', ['t.id']],
    ['SELECT * FROM t WHERE id::text = $1', ['t.id']],
    ['SELECT * FROM t WHERE id OPERATOR(pg_catalog.=) $1', ['t.id']],
    // Prisma
    [
      'SELECT "public"."User"."id" FROM "public"."User" WHERE ("public"."User"."id" = $1 AND 1=$4) LIMIT $2 OFFSET $3',
      ['User.id'],
    ],
    // Sequelize
    ['SELECT "id" FROM "Users" AS "User" WHERE "User"."id" = $1', ['Users.id']],
    // tenants and soft deletion
    [
      'SELECT * FROM t WHERE tenant_id = $1 AND id = $2 AND deleted_at IS NULL AND (x > $3 OR y)',
      ['t.tenant_id', 't.id'],
    ],
    ['SELECT g.* FROM g INNER JOIN l ON g.id = l.g_id WHERE l.b_id = $1', ['l.b_id']],
    ['SELECT g.* FROM g INNER JOIN l ON g.id = l.g_id AND l.b_id IN ($1)', ['l.b_id']],
    ['SELECT * FROM t WHERE id = ANY($1)', []],
    ['SELECT * FROM t WHERE id IN ($1, $2)', []],
    ['SELECT * FROM t WHERE id IN ($1 /*, ... */)', []],
    ['SELECT * FROM t WHERE id = $1 OR id = $2', []],
    ['SELECT * FROM t WHERE id > $1', []],
    ['SELECT * FROM t WHERE NOT id = $1', []],
    ['SELECT * FROM t WHERE id = (SELECT max(id) FROM u)', []],
    ['SELECT * FROM t LEFT JOIN u ON u.t_id = t.id AND u.kind = $1', []],
    ['SELECT * FROM t WHERE id = $1 UNION SELECT * FROM t WHERE id = $2', []],
  ])('%s', (sql, expected) => {
    expect(equals(sql)).toEqual(expected)
  })

  it('a list is told apart', () => {
    expect(shape('SELECT * FROM t WHERE a = ANY($1) AND b IN ($2 /*, ... */)').lists.map(text)).toEqual(['t.a', 't.b'])
  })

  it('joins are pairs of columns', () => {
    const pairs = (sql: string) => shape(sql).joins.map(pair => pair.map(text).join('='))
    expect(pairs('SELECT * FROM a JOIN b ON a.id = b.a_id LEFT JOIN c USING (c_id)')).toEqual([
      'a.id=b.a_id',
      'b.c_id=c.c_id',
    ])
    expect(pairs('SELECT * FROM a, b WHERE a.id = b.a_id')).toEqual(['a.id=b.a_id'])
  })
})

describe('what it returns', () => {
  it.each<[string, string[]]>([
    ['SELECT "t"."id", t.name AS n, t.x::text, lower(t.y), $1 FROM "t"', ['t.id', 't.name', 't.x']],
    ['SELECT id, name FROM t', ['t.id', 't.name']],
    ['SELECT * FROM s.t x', ['t.*']],
    ['SELECT a.*, b.id FROM t a JOIN u b ON a.id = b.t_id', ['t.*', 'u.id']],
    ['SELECT id FROM t, u', ['?.id']],
    ['SELECT x.id FROM t', []],
    ['SELECT id FROM t UNION ALL SELECT id FROM u', ['t.id']],
    // TypeORM's and Sequelize's pages
    [
      'SELECT DISTINCT "d"."Book_id" AS "ids" FROM (SELECT "Book"."id" AS "Book_id" FROM "book" "Book") "d" LIMIT $1',
      ['book.id'],
    ],
    [
      'SELECT "Book".*, "t"."id" FROM (SELECT "Book"."id", "Book"."a_id" FROM "Books" AS "Book") AS "Book" JOIN "t" ON true',
      ['Books.id', 'Books.a_id', 't.id'],
    ],
    ['SELECT q.x FROM (SELECT * FROM t) q', ['t.x']],
    ['WITH c AS (SELECT id FROM t) SELECT c.id, u.id FROM c JOIN u ON true', ['u.id']],
  ])('%s', (sql, expected) => {
    expect(targets(sql)).toEqual(expected)
  })
})

describe('an aggregate', () => {
  it.each<[string, Shape['aggregate']]>([
    ['SELECT COUNT(*) AS "__count" FROM t WHERE a_id = $1', 'count'],
    ['SELECT count(*) > 0 FROM t WHERE a_id = $1', 'count'],
    ['SELECT COALESCE(SUM(x), $1) FROM t WHERE a_id = $2', 'other'],
    ['SELECT $1 AS "a" FROM t WHERE a_id = $2 LIMIT $3', 'exists'],
    ['SELECT EXISTS (SELECT * FROM t WHERE a_id = $1)', 'exists'],
    [
      'SELECT 1 AS "row_exists" FROM (SELECT 1 AS d) x WHERE EXISTS (SELECT 1 FROM t WHERE a_id = $1) LIMIT $2',
      'exists',
    ],
    [
      'SELECT COUNT(*) FROM (SELECT "public"."t"."id" FROM "public"."t" WHERE "public"."t"."a_id" = $1 OFFSET $2) AS "sub"',
      'count',
    ],
    ['SELECT count(*) FROM t WHERE a_id = $1 GROUP BY b', null],
    ['SELECT id FROM t WHERE a_id = $1', null],
    ['SELECT count(*) OVER () FROM t WHERE a_id = $1', null],
  ])('%s', (sql, expected) => {
    expect(shape(sql).aggregate).toBe(expected)
    if (expected) expect(equals(sql)).toEqual(['t.a_id'])
  })
})

it('a lock is told, and what is no SELECT', () => {
  expect(shape('SELECT 1 FROM ONLY "public"."t" x WHERE "id" OPERATOR(pg_catalog.=) $1 FOR KEY SHARE OF x').locks).toBe(
    true,
  )
  expect(shape('SELECT * FROM jobs ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED').locks).toBe(true)
  expect(shape('SELECT * FROM jobs LIMIT $1')).toMatchObject({locks: false, hasLimit: true})
  expect(
    ['INSERT INTO t VALUES ($1)', 'UPDATE t SET a = $1', 'DELETE FROM t', 'BEGIN'].map(sql => shape(sql).kind),
  ).toEqual(['insert', 'update', 'delete', 'utility'])
})

it('what does not parse has no shape', () => {
  expect(shapeOf('SELECT * FROM')).toBeNull()
})

it('5000 distinct statements are read in seconds', () => {
  const columns = (i: number) => Array.from({length: 12}, (_, k) => `"t${i % 300}"."column_${k}_${i}"`).join(', ')
  const joined = (i: number) =>
    `SELECT ${columns(i)}, b.x FROM "t${i % 300}" INNER JOIN "b" ON ("t${i % 300}"."b_id" = "b"."id") ` +
    `LEFT OUTER JOIN c ON c.id = b.c_id WHERE ("t${i % 300}"."active" = $1 AND b.y IN ($2, $3)) ORDER BY 1 LIMIT $4`
  const byKey = (i: number) => `SELECT ${columns(i)} FROM "t${i % 300}" WHERE "t${i % 300}"."id" = $1 LIMIT $2`
  const texts = Array.from({length: 5000}, (_, i) => (i % 3 === 0 ? joined(i) : byKey(i)))
  const start = performance.now()
  expect(texts.filter(sql => shapeOf(sql)?.kind === 'select')).toHaveLength(5000)
  const milliseconds = performance.now() - start
  // 1.5 s where this was written; the limit leaves room for a busy machine.
  expect(milliseconds).toBeLessThan(10_000)
})
