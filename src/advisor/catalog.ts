import type {TableName} from '../sql/parse.js'

/** What the advisor must know of the tables: their columns' statistics and what indexes there are. Plain data. */
export type Catalog = {
  tables: Table[]
  /** names of those installed */
  extensions: string[]
  /** of the memory for caching that the server counts on, in pages */
  cachePages: number
}

export type Table = {
  schema: string
  name: string
  rows: number
  pages: number
  /** of the heap's pages, those known to be visible to everybody: what an index-only scan saves */
  allVisible: number
  columns: Column[]
  indexes: ExistingIndex[]
}

export type Column = {
  name: string
  /** as format_type() prints it, without a length: `integer`, `character varying`, `timestamp with time zone` */
  type: string
  /** sorted by bytes: LIKE 'a%' needs no text_pattern_ops */
  isCollationC: boolean
  /** average bytes; null: never analyzed */
  width: number | null
  nullFraction: number
  isNullable: boolean
  /** distinct values in the whole table; null: never analyzed */
  distinct: number | null
  /** most common values as text, with their shares, largest first */
  common: {value: string; share: number}[]
  /** bounds of equally filled ranges, as text */
  histogram: string[]
  /** of the order of the rows with that of the values, -1 to 1 */
  correlation: number | null
}

export type ExistingIndex = {
  schema: string
  name: string
  method: string
  /** names of plain key columns, the text of expressions */
  keys: {column: string | null; sql: string; descending: boolean; nullsFirst: boolean; isDefaultOpclass: boolean}[]
  include: string[]
  predicate: string | null
  isUnique: boolean
  /** it backs a primary key, unique or exclusion constraint */
  isConstraint: boolean
  bytes: number
}

/** The table that a statement means; unqualified names are looked for in `public` first, then where there is one. */
export function findTable(catalog: Catalog, {schema, name}: TableName): Table | null {
  const named = catalog.tables.filter(table => table.name === name)
  if (schema !== null) return named.find(table => table.schema === schema) ?? null
  return named.find(table => table.schema === 'public') ?? (named.length === 1 ? named[0]! : null)
}

export const columnOf = (table: Table, name: string): Column | undefined =>
  table.columns.find(column => column.name === name)

/** Distinct values of columns together: their product, no more than there are rows. */
export function distinctOf(table: Table, columns: readonly string[]): number {
  const product = columns.reduce(
    (all, name) => all * Math.max(1, columnOf(table, name)?.distinct ?? table.rows / 10),
    1,
  )
  return Math.max(1, Math.min(product, table.rows))
}

/** More distinct values first; of equals the name decides, so that runs are alike. */
export const bySelectivity =
  (table: Table) => (a: {columns: string[]; sql: string}, b: {columns: string[]; sql: string}) =>
    distinctOf(table, b.columns) - distinctOf(table, a.columns) || a.sql.localeCompare(b.sql)
