import {beforeAll, expect, test} from 'vitest'
import type {Catalog} from '../../src/advisor/catalog.js'
import {numericParameters} from '../../src/advisor/numbers.js'
import {referencesOf} from '../../src/advisor/references.js'
import {repaired, type VariantOptions, variantsOf} from '../../src/advisor/values.js'
import {loadParser, treeOf} from '../../src/sql/parse.js'
import {column, shop} from './catalog.js'

beforeAll(loadParser)

const DOCUMENTS = Array.from({length: 50}, (_, at) => JSON.stringify({code: `c${at}`, color: at % 2 ? 'red' : 'blue'}))

/** The shop, with documents and tags that have statistics, and customers some of which order much. */
function catalog(): Catalog {
  const found = shop()
  const [orders] = found.tables
  const {columns} = orders!
  columns.push(column('tags', {type: 'text[]', histogram: ['{new,sale}', '{new,sale,rare}', '{new,sale}']}))
  columns.push(column('items', {distinct: 3, common: ['9', '10', '8'].map(value => ({value, share: 0.3}))}))
  columns.find(({name}) => name === 'data')!.histogram = DOCUMENTS
  columns.find(({name}) => name === 'customer_id')!.common = [{value: '7', share: 0.1}]
  return found
}

function variants(normalised: string, options?: VariantOptions) {
  const sql = repaired(normalised)
  const tree = treeOf(sql)
  return variantsOf(sql, [...referencesOf(tree, catalog()).parameters, ...numericParameters(tree)], options)
}

const texts = (normalised: string, options?: VariantOptions) => variants(normalised, options).map(({sql}) => sql)

test('a span of time begins and ends at one value, and its unit is kept', () => {
  expect(texts('SELECT * FROM orders WHERE created >= date $1 AND created < date $2 + interval $3 year')).toEqual([
    "SELECT * FROM orders WHERE created >= '2025-06-01'::date AND created < '2025-06-01'::timestamp with time zone::date + '1'::interval year",
  ])
  expect(texts('SELECT * FROM orders WHERE customer_id BETWEEN $1 - $2 AND $3 + $4')).toEqual([
    "SELECT * FROM orders WHERE customer_id BETWEEN '2500'::integer - 1 AND '2500'::integer + 1",
  ])
})

test('numbers whose type nothing tells are numbers', () => {
  const sql =
    'SELECT sum(CASE WHEN paid THEN $1 ELSE $2 END), avg(coalesce(customer_id * ($3 - items), $4)) FROM orders'
  expect(texts(sql)).toEqual([
    'SELECT sum(CASE WHEN paid THEN 1 ELSE 1 END), avg(coalesce(customer_id * ($1 - items), $2)) FROM orders',
  ])
  expect(texts(sql, {rest: '1'})[0]).not.toContain('$')
})

test('who has much is asked for often; what is asked of times is the newest, or the middle', () => {
  expect(variants('SELECT * FROM orders WHERE customer_id = $1')).toEqual([
    {sql: "SELECT * FROM orders WHERE customer_id = '1000'", weight: 0.8},
    {sql: "SELECT * FROM orders WHERE customer_id = '7'", weight: 0.2},
  ])
  expect(variants('SELECT * FROM orders WHERE created < $1').map(({weight}) => weight)).toEqual([0.8, 0.2])
  expect(variants('SELECT * FROM orders WHERE created < $1 LIMIT 5').map(({weight}) => weight)).toEqual([0.5, 0.5])
  expect(variants('DELETE FROM orders WHERE created < $1')).toHaveLength(1)
  expect(texts('SELECT * FROM orders WHERE items < $1')).toEqual(["SELECT * FROM orders WHERE items < '9'"])
})

test('the limit is no less than the rows that came back', () => {
  const limit = (rowsPerCall: number | null) =>
    Number(texts('SELECT * FROM orders LIMIT $1', {rowsPerCall})[0]!.split(' ').at(-1))
  expect([null, 0.2, 1, 5, 99.5].map(limit)).toEqual([20, 20, 1, 20, 100])
})

test('arrays and documents are asked for what is rare in them', () => {
  expect(texts('SELECT * FROM orders WHERE tags @> $1')).toEqual(['SELECT * FROM orders WHERE tags @> \'{"rare"}\''])
  expect(texts('SELECT * FROM orders WHERE data @> $1')[0]).toMatch(/data @> '\{"code":"\d+c"\}'$/)
})

test('a field whose name the text hides is the one that tells documents apart', () => {
  expect(texts('SELECT * FROM orders WHERE data->>$1 = $2')[0]).toContain("data->>'code' = '")
  const {references} = referencesOf(treeOf('SELECT * FROM orders WHERE data->>$1 = $2'), catalog())
  expect(references[0]!.terms).toMatchObject([{kind: 'equal', key: {sql: `(("data" ->> 'code'))`}}])
  const plain = referencesOf(treeOf('SELECT * FROM orders WHERE data->>$1 = $2'), shop())
  expect(plain.references[0]!.terms).toEqual([])
})
