import type {IndexDefinition, IndexKey} from '../whatif/planner.js'
import {columnOf, type Table} from './catalog.js'
import {definitionSql, servedBy} from './definition.js'
import {keyLists} from './key-lists.js'
import type {Reference, Term} from './reference.js'
import {specialCandidates} from './special.js'

/** A table that is read in one go anyway. */
const MIN_PAGES = 20
/** A predicate that most rows fulfil saves nothing. */
const MAX_SHARE = 0.6
const PLAIN_KEYS = 3
const MAX_INCLUDED = 6
const MAX_INCLUDED_BYTES = 64
/** Types without a width yet are taken for that many bytes. */
const UNKNOWN_WIDTH = 32

/**
 * Indexes that could serve one table of a statement, best guesses first, each once; what an existing index serves
 * already is left out. `maximum` bounds them: the planner has to look at each.
 */
export function candidatesOf(reference: Reference, extensions: readonly string[], maximum = 60): IndexDefinition[] {
  const {table} = reference
  if (table.pages < MIN_PAGES) return []
  const found = new Map<string, IndexDefinition>()
  const add = (definition: IndexDefinition) => {
    if (definition.keys.length > 0 && !servedBy(definition, table)) found.set(definitionSql(definition), definition)
  }
  const arms = reference.arms.filter(terms => terms.length > 0)
  const armLists = arms.flatMap(terms => keyLists({...reference, terms, order: [], group: [], extremes: []}))
  const lists = withShorter(keyLists(reference)).filter(keys => keys.some(({sql}) => isTelling(table, sql)))
  for (const keys of lists) add(btree(table, keys))
  for (const keys of armLists) add(btree(table, keys))
  for (const keys of lists) for (const each of partials(reference, keys)) add(each)
  for (const keys of lists) {
    const covering = withIncluded(reference, keys)
    if (covering) add(covering)
  }
  const special = specialCandidates(reference, extensions)
  return [...special, ...[...found.values()].slice(0, maximum)]
}

/** A fourth key must show that it pays: the same without it is a candidate, too. */
function withShorter(lists: IndexKey[][]): IndexKey[][] {
  const shorter = lists.filter(({length}) => length > PLAIN_KEYS).map(keys => keys.slice(0, PLAIN_KEYS))
  return [...new Map([...lists, ...shorter].map(keys => [JSON.stringify(keys), keys])).values()]
}

const btree = ({schema, name}: Table, keys: readonly IndexKey[], more: Partial<IndexDefinition> = {}) => ({
  schema,
  table: name,
  method: 'btree' as const,
  keys: [...keys],
  include: [],
  where: null,
  ...more,
})

/** A column with a single value tells no rows apart. */
const isTelling = (table: Table, sql: string) => {
  const column = table.columns.find(each => sql === `"${each.name}"`)
  return column === undefined || column.distinct === null || column.distinct > 1 || column.nullFraction > 0
}

type Filter = Extract<Term, {kind: 'filter'}>

/** The same keys, less those that the predicate fixes, over the rows that pass a test without parameters. */
function partials(reference: Reference, keys: readonly IndexKey[]): IndexDefinition[] {
  const filters = reference.terms.filter((term): term is Filter => term.kind === 'filter')
  const distinctFilters = [...new Map(filters.map(each => [each.sql, each])).values()]
  const rare = distinctFilters.filter(({share}) => share !== null && share < MAX_SHARE)
  const sets = [...rare.map(each => [each]), ...(rare.length > 1 ? [rare] : [])]
  return sets.flatMap(set => {
    const fixed = new Set(set.map(({column}) => `"${column}"`))
    const left = keys.filter(({sql}) => !fixed.has(sql))
    const where = set.map(({sql}) => sql).join(' AND ')
    return btree(reference.table, left.length > 0 ? left : keys, {where})
  })
}

/** With all columns that the statement reads, so that the table itself need not be visited. */
function withIncluded(reference: Reference, keys: readonly IndexKey[]): IndexDefinition | null {
  const {table, needed, readsAll, isTarget} = reference
  if (readsAll || isTarget || keys.some(({sql}) => !sql.startsWith('"'))) return null
  const held = new Set(keys.map(({sql}) => sql))
  const missing = [...needed].filter(name => !held.has(`"${name}"`)).sort()
  const bytes = missing.reduce((sum, name) => sum + (columnOf(table, name)?.width ?? UNKNOWN_WIDTH), 0)
  if (missing.length === 0 || missing.length > MAX_INCLUDED || bytes > MAX_INCLUDED_BYTES) return null
  return btree(table, keys, {include: missing})
}
