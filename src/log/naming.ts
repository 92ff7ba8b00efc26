import type {Facts} from './facts.js'

/** How a look-up hangs on another statement, as far as names tell; no database is asked. */
export type Kinship = {
  /** pk: the look-up finds what the parent refers to; fk: it finds what refers to the parent */
  kind: 'pk' | 'fk'
  table: string
  column: string
  /** the parent's column that holds the key, for pk */
  through?: string
  /** name: a column is named after the table; position: it may be named after the role it plays */
  by: 'name' | 'position'
}

const KEY = /^(?:id|pk|uuid|guid|_id|oid)$/i
const SUFFIX = /(?:_(?:id|uuid|pk|fk|key|guid)|Id|ID|Uuid)$/
const PREFIX = /^(?:id|fk)_/i
const MIN_STEM = 3

export const isKeyName = (column: string): boolean => KEY.test(column)

const squash = (name: string) => name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '')

/** categories -> category, boxes -> box, users -> user */
const singular = (name: string) =>
  name
    .replace(/ies$/, 'y')
    .replace(/(s|x|z|ch|sh)es$/, '$1')
    .replace(/([^s])s$/, '$1')

/** `owner_id` -> `owner`; null: the column does not look like a reference. */
export function stemOf(column: string): string | null {
  const stem = PREFIX.test(column) ? column.replace(PREFIX, '') : SUFFIX.test(column) ? column.replace(SUFFIX, '') : ''
  return stem === '' ? null : squash(stem)
}

/** Is `project` the table `dashboard_project`, `projects` or `Project`? */
export function namesTable(stem: string, table: string): boolean {
  const name = squash(table)
  if (name === stem || singular(name) === singular(stem)) return true
  return stem.length >= MIN_STEM && singular(name).endsWith(singular(stem))
}

const isKeyOf = (table: string, column: string): boolean => {
  const own = singular(squash(table))
  const stem = stemOf(column)
  return isKeyName(column) || (stem !== null && singular(stem) === own) || squash(column) === `${own}id`
}

/** Finds one row of its own table by its key: never the source of many rows. */
export function isKeyLookup({tables, equalities}: Facts): boolean {
  const [table] = tables
  return table !== undefined && equalities.some(equality => isKeyOf(equality.table ?? table, equality.column))
}

/**
 * The kinship of a look-up with the statement before it; null when names speak against it. `allTables`: the tables
 * of the whole log: a column that is named after one of them refers to no other.
 */
export function kinship(child: Facts, parent: Facts, allTables: string[]): Kinship | null {
  if (child.kind !== 'select' || parent.kind !== 'select') return null
  const candidates = child.equalities.flatMap(({table, column}) => {
    const own = table ?? child.tables[0]!
    return isKeyOf(own, column) ? byKey(own, column, parent, allTables) : byReference(own, column, parent, allTables)
  })
  return candidates.find(({by}) => by === 'name') ?? candidates[0] ?? null
}

function byKey(table: string, column: string, parent: Facts, allTables: string[]): Kinship[] {
  const kind = 'pk' as const
  if (parent.tables.includes(table)) return [{kind, table, column, by: 'name'}]
  const references = parent.targets.flatMap(target => {
    const stem = stemOf(target)
    return stem === null ? [] : [{target, stem}]
  })
  const named = references.find(({stem}) => namesTable(stem, table))
  if (named) return [{kind, table, column, through: named.target, by: 'name'}]
  const role = references.find(({stem}) => !allTables.some(other => namesTable(stem, other)))
  if (role) return [{kind, table, column, through: role.target, by: 'position'}]
  return parent.targets.includes('*') ? [{kind, table, column, by: 'position'}] : []
}

function byReference(table: string, column: string, parent: Facts, allTables: string[]): Kinship[] {
  const stem = stemOf(column)
  const kind = 'fk' as const
  if (stem === null) return []
  if (parent.tables.some(name => namesTable(stem, name))) return [{kind, table, column, by: 'name'}]
  const returnsKey = parent.targets.some(target => target === '*' || isKeyName(target))
  const isRole = !allTables.some(other => namesTable(stem, other))
  return isRole && returnsKey ? [{kind, table, column, by: 'position'}] : []
}
