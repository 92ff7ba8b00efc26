import {beforeAll, expect, test} from 'vitest'
import type {Reference} from '../../src/advisor/reference.js'
import {referencesOf} from '../../src/advisor/references.js'
import {loadParser, treeOf} from '../../src/sql/parse.js'
import {shop} from './catalog.js'

beforeAll(loadParser)

/** `orders: equal "a", range "b"; order "c" DESC`: what was read, in one line. */
function told(sql: string): string[] {
  const {references} = referencesOf(treeOf(sql), shop())
  return references.map(reference => {
    const terms = reference.terms.map(term => {
      if (term.kind === 'keyset') return `keyset ${term.keys.map(({sql: key}) => key).join(' ')}`
      if (term.kind === 'filter')
        return `filter ${term.sql} (${term.share === null ? '?' : Number(term.share.toFixed(3))})`
      return `${term.kind} ${term.key.sql}`
    })
    return `${reference.table.name}: ${[...terms, ...others(reference)].join(', ')}`
  })
}

const others = ({order, isLimited, group, extremes, arms}: Reference) => [
  ...order.map(({sql, descending}) => `order ${sql}${descending ? ' DESC' : ''}`),
  ...(isLimited ? ['limit'] : []),
  ...group.map(({sql}) => `group ${sql}`),
  ...extremes.map(({sql}) => `extreme ${sql}`),
  ...(arms.length > 0 ? [`${arms.length} arms`] : []),
]

const CASES: [string, string[]][] = [
  ['SELECT * FROM orders WHERE customer_id = $1', ['orders: equal "customer_id"']],
  ['SELECT * FROM orders o WHERE $1 < o.created', ['orders: range "created"']],
  [
    'SELECT id FROM orders WHERE customer_id = $1 ORDER BY created DESC LIMIT $2',
    ['orders: equal "customer_id", order "created" DESC, limit'],
  ],
  ['SELECT * FROM orders WHERE id IN ($1, $2) AND status = ANY ($3)', ['orders: list "id", list "status"']],
  ['SELECT * FROM orders WHERE created BETWEEN $1 AND $2', ['orders: range "created"']],
  [
    'SELECT c.email FROM orders o JOIN customers c ON c.id = o.customer_id WHERE o.status = $1',
    ['orders: equal "status", join "customer_id"', 'customers: join "id"'],
  ],
  ['SELECT * FROM orders JOIN customers USING (id)', ['orders: join "id"', 'customers: join "id"']],
  [
    'SELECT * FROM customers c WHERE EXISTS (SELECT 1 FROM orders WHERE customer_id = c.id AND NOT paid)',
    ['orders: join "customer_id", filter NOT "paid" (0.1), equal "paid"', 'customers: join "id"'],
  ],
  [
    'SELECT * FROM customers WHERE id IN (SELECT customer_id FROM orders WHERE shipped IS NULL)',
    ['orders: filter "shipped" IS NULL (0.05), equal "shipped", join "customer_id"', 'customers: join "id"'],
  ],
  [
    'WITH late AS (SELECT customer_id AS who, created FROM orders) SELECT * FROM late WHERE who = $1 ORDER BY created',
    ['orders: equal "customer_id", order "created"'],
  ],
  ["SELECT * FROM orders WHERE status = 'open'", [`orders: equal "status", filter "status" = 'open' (0.04)`]],
  ["SELECT * FROM orders WHERE status <> 'done'", [`orders: filter "status" <> 'done' (0.05)`]],
  ['SELECT * FROM customers WHERE lower(email) = lower($1)', ['customers: equal (lower("email"))']],
  ["SELECT * FROM orders WHERE data->>'ref' = $1", [`orders: equal (("data" ->> 'ref'))`]],
  ['SELECT * FROM orders WHERE data @> $1', ['orders: contains "data"']],
  ["SELECT * FROM customers WHERE email LIKE 'ab%'", ['customers: prefix "email"']],
  ["SELECT * FROM customers WHERE email ILIKE '%ab%'", ['customers: trigram "email"']],
  [
    'SELECT * FROM orders WHERE (created, id) < ($1, $2) ORDER BY created DESC, id DESC LIMIT 20',
    ['orders: keyset "created" "id", order "created" DESC, order "id" DESC, limit'],
  ],
  ['SELECT * FROM orders WHERE customer_id = $1 OR id = $2', ['orders: 2 arms']],
  ['SELECT max(created) FROM orders WHERE customer_id = $1', ['orders: equal "customer_id", extreme "created"']],
  ['SELECT status, count(*) FROM orders GROUP BY status', ['orders: group "status"']],
  ['SELECT status AS s FROM orders ORDER BY s', ['orders: order "status"']],
  ['UPDATE orders SET paid = true WHERE customer_id = $1', ['orders: equal "customer_id"']],
  [
    'DELETE FROM orders o USING customers c WHERE c.id = o.customer_id',
    ['orders: join "customer_id"', 'customers: join "id"'],
  ],
  ['SELECT 1 FROM orders a JOIN orders b ON a.id + 1 = b.id', ['orders: join (("id" + 1))', 'orders: join "id"']],
  ['SELECT * FROM unknown WHERE id = $1', []],
]

test.each(CASES)('%s', (sql, expected) => {
  expect(told(sql).sort()).toEqual([...expected].sort())
})

test('which columns are read, through sub-queries and *', () => {
  const read = (sql: string) =>
    referencesOf(treeOf(sql), shop()).references.map(({needed, readsAll}) => [[...needed].sort(), readsAll])
  expect(read('SELECT x.id FROM (SELECT id, status FROM orders WHERE paid) x')).toEqual([
    [['id', 'paid', 'status'], false],
  ])
  expect(read('SELECT * FROM orders')).toEqual([[[], true]])
  expect(read('SELECT count(*) FROM orders')).toEqual([[[], false]])
})

test('writes name their columns', () => {
  const {writes} = referencesOf(treeOf('UPDATE orders SET paid = true, status = $1 WHERE id = $2'), shop())
  expect(writes.map(({kind, columns}) => [kind, columns])).toEqual([['update', ['paid', 'status']]])
  expect(referencesOf(treeOf('INSERT INTO orders (id) VALUES ($1)'), shop()).writes.map(({kind}) => kind)).toEqual([
    'insert',
  ])
})
