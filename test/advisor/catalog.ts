import type {Catalog, Column, Table} from '../../src/advisor/catalog.js'

export const column = (name: string, more: Partial<Column> = {}): Column => ({
  name,
  type: 'integer',
  isCollationC: false,
  width: 4,
  nullFraction: 0,
  isNullable: false,
  distinct: 1000,
  common: [],
  histogram: [],
  correlation: 0,
  ...more,
})

const text = (name: string, more: Partial<Column> = {}) => column(name, {type: 'text', width: 12, ...more})

const table = (name: string, columns: Column[], more: Partial<Table> = {}): Table => ({
  schema: 'public',
  name,
  rows: 100_000,
  pages: 2000,
  allVisible: 2000,
  columns,
  indexes: [],
  ...more,
})

/** A shop's tables, with statistics and a primary key, and nothing else indexed. */
export function shop(): Catalog {
  const key = {column: 'id', sql: '"id"', descending: false, nullsFirst: false, isDefaultOpclass: true}
  const primary = {
    schema: 'public',
    name: 'orders_pkey',
    method: 'btree',
    keys: [key],
    include: [],
    predicate: null,
    isUnique: true,
    isConstraint: true,
    bytes: 2_000_000,
  }
  const status = text('status', {
    distinct: 3,
    common: [
      {value: 'done', share: 0.95},
      {value: 'open', share: 0.04},
      {value: 'failed', share: 0.01},
    ],
  })
  const orders = table(
    'orders',
    [
      column('id', {distinct: 100_000}),
      column('customer_id', {distinct: 5000, histogram: ['1', '500', '1000', '2500', '5000']}),
      status,
      column('created', {
        type: 'timestamp with time zone',
        width: 8,
        distinct: 90_000,
        histogram: ['2025-01-01', '2025-06-01', '2025-12-01'],
      }),
      column('shipped', {type: 'timestamp with time zone', isNullable: true, nullFraction: 0.05, distinct: 80_000}),
      column('paid', {
        type: 'boolean',
        width: 1,
        distinct: 2,
        common: [
          {value: 't', share: 0.9},
          {value: 'f', share: 0.1},
        ],
      }),
      column('data', {type: 'jsonb', width: 300, distinct: null}),
    ],
    {indexes: [primary]},
  )
  const customers = table('customers', [
    column('id', {distinct: 5000}),
    text('email', {distinct: 5000}),
    text('city', {distinct: 200}),
  ])
  return {tables: [orders, customers], extensions: ['pg_trgm'], cachePages: 524_288}
}
