import {beforeAll, expect, test} from 'vitest'
import {candidatesOf} from '../../src/advisor/candidates.js'
import {definitionSql} from '../../src/advisor/definition.js'
import {referencesOf} from '../../src/advisor/references.js'
import {repaired, variantsOf} from '../../src/advisor/values.js'
import {loadParser, treeOf} from '../../src/sql/parse.js'
import {shop} from './catalog.js'

beforeAll(loadParser)

const proposed = (sql: string): string[] => {
  const catalog = shop()
  return referencesOf(treeOf(sql), catalog).references.flatMap(reference =>
    candidatesOf(reference, catalog.extensions).map(each =>
      definitionSql(each).replace('"public".', '').replace('USING ', ''),
    ),
  )
}

const CASES: [string, string[]][] = [
  [
    'SELECT * FROM orders WHERE customer_id = $1 AND status = $2',
    ['"orders" btree ("customer_id", "status")', '"orders" btree ("customer_id")'],
  ],
  [
    'SELECT * FROM orders WHERE customer_id = $1 ORDER BY created DESC LIMIT 10',
    ['"orders" btree ("customer_id", "created" DESC)'],
  ],
  [
    'SELECT * FROM orders WHERE status = $1 AND created > $2',
    ['"orders" btree ("status", "created")', '"orders" btree ("created")'],
  ],
  ['SELECT * FROM orders WHERE NOT paid AND created > $1', ['"orders" btree ("created") WHERE NOT "paid"']],
  ['SELECT id FROM orders WHERE customer_id = $1', ['"orders" btree ("customer_id") INCLUDE ("id")']],
  ['SELECT * FROM customers WHERE lower(email) = $1', ['"customers" btree ((lower("email")))']],
  ["SELECT * FROM customers WHERE email LIKE 'a%'", ['"customers" btree ("email" text_pattern_ops)']],
  ["SELECT * FROM customers WHERE email ILIKE '%a%'", ['"customers" gin ("email" gin_trgm_ops)']],
  ['SELECT * FROM orders WHERE data @> $1', ['"orders" gin ("data" jsonb_path_ops)']],
  [
    'SELECT * FROM orders WHERE customer_id = $1 OR status = $2',
    ['"orders" btree ("customer_id")', '"orders" btree ("status")'],
  ],
  [
    'SELECT * FROM orders o JOIN customers c ON c.id = o.customer_id WHERE c.city = $1',
    ['"orders" btree ("customer_id")', '"customers" btree ("id", "city")', '"customers" btree ("city", "id")'],
  ],
]

test.each(CASES)('%s', (sql, expected) => {
  expect(proposed(sql)).toEqual(expect.arrayContaining(expected))
})

test('what a key serves already is left out, and so are columns that tell nothing', () => {
  expect(proposed('SELECT * FROM orders WHERE id = $1')).toEqual([])
  expect(proposed('SELECT * FROM orders WHERE id = $1 AND status = $2')).not.toContain(
    '"orders" btree ("id", "status")',
  )
  expect(proposed('SELECT * FROM orders WHERE NOT paid').some(each => each.includes('WHERE "paid"'))).toBe(false)
})

test('no index for a table of a few pages', () => {
  const catalog = shop()
  catalog.tables[0]!.pages = 10
  const [reference] = referencesOf(treeOf('SELECT * FROM orders WHERE status = $1'), catalog).references
  expect(candidatesOf(reference!, [])).toEqual([])
})

const variants = (sql: string) => variantsOf(sql, referencesOf(treeOf(sql), shop()).parameters)

test('parameters get values of their columns; a value that stands out is asked for, too', () => {
  expect(variants('SELECT * FROM orders WHERE customer_id = $1 LIMIT $2')).toEqual([
    {sql: "SELECT * FROM orders WHERE customer_id = '1000' LIMIT 20", weight: 1},
  ])
  expect(variants('SELECT * FROM orders WHERE status = $1')).toEqual([
    {sql: "SELECT * FROM orders WHERE status = 'open'", weight: 0.5},
    {sql: "SELECT * FROM orders WHERE status = 'done'", weight: 0.5},
  ])
  expect(variants('SELECT * FROM orders WHERE created >= $1')[0]!.sql).toContain("created >= '2025-06-01'")
})

test('a parameter that is compared with nothing known stays, numbered without gaps', () => {
  expect(
    variants("SELECT '$1', coalesce(status, $1) FROM orders WHERE customer_id = $2 AND status || $3 = $3"),
  ).toEqual([
    {sql: "SELECT '$1', coalesce(status, $1) FROM orders WHERE customer_id = '1000' AND status || $2 = $2", weight: 1},
  ])
  expect(variants('SELECT * FROM orders WHERE customer_id IN ($1 /*, ... */)')[0]!.sql).toMatch(/IN \('\d+', '\d+', /)
})

test('what normalising broke is SQL again', () => {
  expect(repaired('SELECT EXTRACT($1 FROM created) FROM orders WHERE created > now() - interval $2')).toBe(
    "SELECT EXTRACT('year' FROM created) FROM orders WHERE created > now() - $2::interval",
  )
})
