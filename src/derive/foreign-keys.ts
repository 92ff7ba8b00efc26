import type {ForeignKey, Index, Table} from '../snapshot.js'
import {coveredIndexes, duplicateIndexes, isDroppable, isUsable} from './indexes.js'

/** Whether `index` finds the rows that refer to one key: its leading columns are the foreign key's, in any order. */
export function covers(index: Index, {tableOid, columns}: Pick<ForeignKey, 'tableOid' | 'columns'>): boolean {
  if (index.tableOid !== tableOid || !isUsable(index) || index.predicate !== null || index.method === 'brin')
    return false
  // At most one row: the remaining columns need no index.
  if (index.isUnique && index.keyColumns.every(column => columns.includes(column))) return true
  // GIN has no leading column.
  const usable = index.method === 'gin' ? index.keyColumns : index.keyColumns.slice(0, columns.length)
  return columns.every(column => usable.includes(column))
}

export type UnindexedKey = {
  foreignKey: ForeignKey
  table: Table
  /** where the rows are and the index is missing: the table itself, or partitions */
  holders: Table[]
}

type Catalog = {tables: readonly Table[]; indexes: readonly Index[]; foreignKeys: readonly ForeignKey[]}

/** Foreign keys whose rows no index finds. An inherited one counts for the parent that declared it. */
export function unindexedKeys({tables, indexes, foreignKeys}: Catalog): UnindexedKey[] {
  const tableOf = new Map(tables.map(table => [table.oid, table]))
  const indexesOf = groupBy(indexes, index => index.tableOid)
  const heirsOf = groupBy(foreignKeys, key => key.parentOid)

  /** The keys on the tables that hold rows. Keys to a partitioned table also have heirs on the same table. */
  const leaves = (key: ForeignKey): ForeignKey[] =>
    tableOf.get(key.tableOid)?.kind === 'partitioned'
      ? (heirsOf.get(key.oid) ?? []).filter(heir => heir.tableOid !== key.tableOid).flatMap(leaves)
      : [key]
  const isIndexed = (key: ForeignKey) => (indexesOf.get(key.tableOid) ?? []).some(index => covers(index, key))

  return foreignKeys
    .filter(key => key.parentOid === null && tableOf.has(key.tableOid))
    .map(foreignKey => ({
      foreignKey,
      table: tableOf.get(foreignKey.tableOid)!,
      holders: leaves(foreignKey)
        .filter(key => !isIndexed(key))
        .flatMap(key => tableOf.get(key.tableOid) ?? []),
    }))
    .filter(({holders}) => holders.length > 0)
}

/** One entry for each set of columns: several foreign keys on the same ones need one index. */
export function oncePerColumns(keys: readonly UnindexedKey[]): UnindexedKey[] {
  const columns = ({table, foreignKey}: UnindexedKey) =>
    `${table.oid} ${[...foreignKey.columns].sort((a, b) => a - b).join(' ')}`
  return [...groupBy(keys, columns).values()].map(([first]) => first!)
}

/** Rows by the last ANALYZE or by the counters, whichever knows of more: a table may never have been analyzed. */
const rowsOf = (table: Table): number => Math.max(table.rowsEstimate, table.liveRows, 0)

/** A table or all its partitions together. */
export function sizeOf(tables: readonly Table[]) {
  const sum = (of: (table: Table) => number) => tables.reduce((total, table) => total + of(table), 0)
  return {
    rows: sum(rowsOf),
    pages: sum(table => table.pages),
    seqScans: sum(table => table.seqScans),
    seqRowsRead: sum(table => table.seqRowsRead),
  }
}

/** Those that only queries would miss, and whose removal leaves every foreign key with an index. Largest first. */
export function expendableIndexes(candidates: Index[], indexes: Index[], foreignKeys: ForeignKey[]): Index[] {
  const left = new Set(indexes)
  const covered = coveredIndexes(indexes)
  // These are for indexes/duplicate and indexes/covered to report, which name what takes their place.
  for (const {index} of [...duplicateIndexes(indexes), ...covered]) left.delete(index)
  const heirs = new Set(covered.filter(({index}) => index.scans > 0).map(({by}) => by))
  const isNeeded = (index: Index) =>
    foreignKeys.some(key => covers(index, key) && ![...left].some(other => other !== index && covers(other, key)))
  return candidates
    .filter(index => left.has(index) && !heirs.has(index) && isUsable(index) && isDroppable(index))
    .filter(index => !index.isUnique && !index.isPartitioned)
    .sort((a, b) => b.pages - a.pages)
    .filter(index => !isNeeded(index) && left.delete(index))
}

function groupBy<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>()
  for (const item of items) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group) group.push(item)
    else groups.set(key, [item])
  }
  return groups
}
