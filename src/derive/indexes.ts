import type {FixRequest} from '../rule.js'
import type {Index, Table} from '../snapshot.js'
import {newIndexName} from '../sql/index-name.js'
import {hasInvisible, qualified, quoteIdent, quoteLiteral} from '../sql/quote.js'

const PAGE_BYTES = 8192

export const indexBytes = (index: Pick<Index, 'pages'>): number => index.pages * PAGE_BYTES

/** Not a build under way, nor what a failed one left behind. */
export const isUsable = (index: Index): boolean => index.isValid && index.isReady && index.isLive

/** Nothing but queries depends on it: no constraint, replica identity, clustering or partitioned parent. */
export const isDroppable = (index: Index): boolean =>
  index.constraint === null &&
  !index.isPrimary &&
  !index.isExclusion &&
  !index.isReplicaIdentity &&
  !index.isClustered &&
  !index.isPartition

/** Same table, method, keys in order, operator classes, collations, directions, predicate, INCLUDE and uniqueness. */
const identity = (index: Index): string =>
  JSON.stringify([
    index.tableOid,
    index.method,
    index.keyColumns,
    index.opclasses,
    index.collations,
    index.ordering,
    index.expressions,
    index.predicate,
    [...index.includedColumns].sort((a, b) => a - b),
    index.isUnique,
    index.nullsNotDistinct,
    index.isImmediate,
    index.isExclusion,
    index.isPartitioned,
  ])

export type Duplicate = {index: Index; twin: Index}

/** Named by Django's or Rails' migrations: the application expects it, and would make it again. */
const isGenerated = ({name}: Index) => /_[0-9a-f]{8}(?:_like)?$|^index_.+_on_./.test(name)

/**
 * Usable indexes of which another one is exactly the same. Of two that nothing depends on, the one goes that no migration
 * knows, then the less used one (the planner takes either, so scans say little), then the newer one.
 */
export function duplicateIndexes(indexes: readonly Index[]): Duplicate[] {
  const groups = new Map<string, Index[]>()
  for (const index of indexes.filter(isUsable)) {
    groups.set(identity(index), [...(groups.get(identity(index)) ?? []), index])
  }
  return [...groups.values()].flatMap(group => {
    const [twin, ...others] = group.sort(
      (a, b) =>
        Number(isDroppable(a)) - Number(isDroppable(b)) ||
        Number(isGenerated(b)) - Number(isGenerated(a)) ||
        b.scans - a.scans ||
        a.oid - b.oid,
    )
    return others.filter(isDroppable).map(index => ({index, twin: twin!}))
  })
}

export type Covered = {index: Index; by: Index}

/**
 * Usable btree indexes whose every use another one can serve: the same keys in front of its own, with the same operator
 * classes, collations, directions, expressions and predicate. `by` stays: it is neither superfluous nor without use.
 */
export function coveredIndexes(indexes: readonly Index[]): Covered[] {
  const twins = new Set(duplicateIndexes(indexes).map(({index}) => index))
  const left = indexes.filter(index => isUsable(index) && index.method === 'btree' && !twins.has(index))
  const byTable = new Map<number, Index[]>()
  for (const index of left) byTable.set(index.tableOid, [...(byTable.get(index.tableOid) ?? []), index])
  const coversOf = (index: Index) =>
    isDroppable(index) && !index.isUnique
      ? byTable.get(index.tableOid)!.filter(by => serves(by, index) && !isLessUsed(by, index))
      : []
  const covered = new Map(left.map(index => [index, coversOf(index)]))
  return left.flatMap(index => {
    const lasting = covered.get(index)!.filter(by => covered.get(by)!.length === 0)
    const [by] = lasting.sort((a, b) => a.pages - b.pages || a.oid - b.oid)
    return by ? [{index, by}] : []
  })
}

/** The wide one is what nobody reads, and the one to drop. */
const isLessUsed = (by: Index, index: Index) => by.scans === 0 && index.scans > 0 && isDroppable(by) && !by.isUnique

function serves(by: Index, index: Index): boolean {
  const keys = index.keyColumns.length
  const isPrefix = (part: (of: Index) => readonly number[]) =>
    JSON.stringify(part(by).slice(0, keys)) === JSON.stringify(part(index))
  return (
    by !== index &&
    isPrefix(of => of.keyColumns) &&
    isPrefix(of => of.opclasses) &&
    isPrefix(of => of.collations) &&
    isPrefix(of => of.ordering) &&
    by.expressions === index.expressions &&
    by.predicate === index.predicate &&
    by.isPartitioned === index.isPartitioned &&
    index.includedColumns.every(column => [...by.keyColumns, ...by.includedColumns].includes(column))
  )
}

/** Names of relations by schema: a new index needs one of its own. */
export function takenNames(tables: readonly Table[], indexes: readonly Index[]): (schema: string) => Set<string> {
  const names = new Map<string, Set<string>>()
  const of = (schema: string) => {
    if (!names.has(schema)) names.set(schema, new Set())
    return names.get(schema)!
  }
  for (const {schema, name} of [...tables, ...indexes]) of(schema).add(name)
  return of
}

export const SHARED = 'SHARE UPDATE EXCLUSIVE on the table: reads and writes go on'

type NewIndex = {
  table: Table
  partitions: readonly Table[]
  columns: readonly string[]
  taken: (schema: string) => Set<string>
}

/**
 * CREATE INDEX that lets reads and writes go on. A partitioned table cannot have that, its partitions can; the parent's
 * index then takes theirs over instead of building its own.
 */
export function createIndex({table, partitions, columns, taken}: NewIndex): FixRequest {
  const list = columns.map(quoteIdent).join(', ')
  const nameFor = ({schema, name}: Table) => newIndexName(name, columns, taken(schema))
  const create = (on: Table, name: string, how: string) =>
    `CREATE INDEX ${how}${quoteIdent(name)} ON ${qualified(on.schema, on.name)} (${list})`
  const name = nameFor(table)
  const title = `Index ${list} of ${qualified(table.schema, table.name)}`
  if (table.kind !== 'partitioned') {
    return {
      kind: 'sql',
      title,
      statements: [create(table, name, 'CONCURRENTLY ')],
      undo: [`DROP INDEX CONCURRENTLY ${qualified(table.schema, name)}`],
      lock: `${SHARED}; it reads the table twice and waits for the transactions that are open.`,
    }
  }
  return {
    kind: 'sql',
    title,
    statements: [...partitions.map(on => create(on, nameFor(on), 'CONCURRENTLY ')), create(table, name, '')],
    undo: [`DROP INDEX ${qualified(table.schema, name)}`],
    lock:
      'SHARE UPDATE EXCLUSIVE on each partition in turn: reads and writes go on. The last statement takes SHARE on all ' +
      'of them: writes wait, for a moment only when every partition has its index by then.',
  }
}

/** DROP INDEX with the CREATE INDEX that undoes it; neither stops reads or writes, except on a partitioned table. */
type Droppable = Pick<Index, 'schema' | 'name' | 'table' | 'isUnique' | 'isPartitioned' | 'definition'>
export function dropIndex(index: Droppable, title: string, note?: string): FixRequest {
  const name = qualified(index.schema, index.name)
  const concurrently = index.isPartitioned ? '' : 'CONCURRENTLY '
  const unique = index.isUnique ? 'UNIQUE ' : ''
  const head = `CREATE ${unique}INDEX ${concurrently}${quoteIdent(index.name)} ON ${qualified(index.schema, index.table)}`
  const isKnown = index.definition !== null && !hasInvisible(index.definition)
  const keep = `Keep its definition first: SELECT pg_get_indexdef(${quoteLiteral(name)}::regclass);`
  const notes = [note, isKnown ? undefined : keep].filter(Boolean).join(' ')
  return {
    kind: 'sql',
    title,
    statements: [`DROP INDEX ${concurrently}${name}`],
    undo: isKnown ? [`${head} ${index.definition}`] : [],
    lock: index.isPartitioned
      ? 'ACCESS EXCLUSIVE on the table and its partitions: short, but everything waits for it, and it for everything.'
      : `${SHARED}; it waits for the transactions that are open.`,
    ...(notes && {note: notes}),
  }
}
