import type {IndexDefinition, PreparedIndex} from '../whatif/planner.js'
import type {Catalog, Table} from './catalog.js'
import {findTable} from './catalog.js'
import type {Write} from './reference.js'

/** Rows written in the time of the workload. */
export type TableWrites = {
  inserts: number
  updates: number
  deletes: number /** updates by changed column */
  changed: Map<string, number>
}

/**
 * Planner's units for one new entry, as `npm run bench:writes` measures them (processor time, against that of a look-up
 * whose cost is known): b-trees 4 to 8 for numbers and 17 for long texts, GIN on documents 23, on trigrams 55, GiST 48.
 * The lower end for b-trees: most keys are numbers and times.
 */
const ENTRY = {btree: 4, hash: 4, gist: 48, gin: 25, brin: 3}
const TRIGRAMS = 55

/** Rows written to each table by the statements; `rows`: of all calls of the statement together. */
export function tableWrites(statements: readonly {writes: readonly Write[]; rows: number}[]): Map<Table, TableWrites> {
  const found = new Map<Table, TableWrites>()
  for (const {writes, rows} of statements) {
    for (const {table, kind, columns} of writes) {
      const own = found.get(table) ?? {inserts: 0, updates: 0, deletes: 0, changed: new Map()}
      found.set(table, own)
      own[`${kind}s`] += rows
      for (const column of columns) own.changed.set(column, (own.changed.get(column) ?? 0) + rows)
    }
  }
  return found
}

/** What an index costs all writes of the workload, in the planner's units. */
export function writeCost(
  {definition}: PreparedIndex,
  catalog: Catalog,
  writes: ReadonlyMap<Table, TableWrites>,
): number {
  const table = findTable(catalog, {schema: definition.schema, name: definition.table})
  const own = table && writes.get(table)
  if (!table || !own) return 0
  const updates = updatesOf(definition, own)
  const share = definition.where === null ? 1 : 0.5
  // Such an update is no HOT update any more: each index of the table gets a new entry.
  const others = definition.method === 'brin' ? 0 : table.indexes.length
  return entryCost(definition) * share * (own.inserts + updates) + ENTRY.btree * others * updates
}

const entryCost = ({method, keys}: IndexDefinition) =>
  method === 'gin' && keys.some(({opclass}) => opclass === 'gin_trgm_ops') ? TRIGRAMS : ENTRY[method]

/** Percent of the workload's updates of the table that could not be HOT with the index. */
export function notHotPercent(
  {definition}: PreparedIndex,
  catalog: Catalog,
  writes: ReadonlyMap<Table, TableWrites>,
): number {
  const table = findTable(catalog, {schema: definition.schema, name: definition.table})
  const own = table && writes.get(table)
  if (!own || own.updates === 0 || definition.method === 'brin') return 0
  return (updatesOf(definition, own) / own.updates) * 100
}

/** Updates that change a column of the index; at most as many as there are updates. */
function updatesOf({keys, include, where}: IndexDefinition, {updates, changed}: TableWrites): number {
  const text = [...keys.map(({sql}) => sql), ...include.map(name => `"${name}"`), where ?? ''].join(' ')
  const sum = [...changed].reduce((all, [column, rows]) => all + (text.includes(`"${column}"`) ? rows : 0), 0)
  return Math.min(sum, updates)
}
