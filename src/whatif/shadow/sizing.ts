import type {Connection} from '../../connect/postgres.js'
import {heightOf, setHeight} from './btree.js'
import {keyOf, relationStatistics} from './ddl.js'
import {explainRoot} from './explain.js'
import {withExpressions} from './expression.js'
import {PAGE, pagesOfFile, setPages} from './files.js'
import {
  forgetPages,
  readIndexes,
  readTables,
  type ShadowIndex,
  type ShadowIndexColumn,
  type ShadowTable,
} from './relations.js'
import type {RelationStatistics, TargetTable} from './schema.js'
import {run, type ShadowServer} from './server.js'
import {type IndexFacts, indexPages, keyBytes} from './size.js'

/** The files of the shadow and the sizes that they stand for. */
export type Sizing = {
  indexes: ShadowIndex[]
  tables: ShadowTable[]
  /** by the oid of a table or index */
  pages: Map<number, number>
  targets: Map<string, RelationStatistics>
  dataDir: string
  admin: Connection
  session: Connection
}

const UNKNOWN_WIDTH = 16

export async function startSizing(shadow: ShadowServer, session: Connection, tables: TargetTable[]): Promise<Sizing> {
  const targets = new Map<string, RelationStatistics>()
  for (const table of tables) {
    targets.set(keyOf(table), table.statistics)
    for (const index of table.indexes) targets.set(keyOf({schema: table.schema, name: index.name}), index.statistics)
  }
  return {
    indexes: await readIndexes(shadow.admin),
    tables: await readTables(shadow.admin),
    pages: new Map(),
    targets,
    dataDir: shadow.server.dataDir,
    admin: shadow.admin,
    session,
  }
}

/**
 * Gives tables and indexes the sizes of the target's, and those that only exist here (candidates) the sizes they would
 * have. `tables`: only these and the indexes that have no size yet; default all.
 */
export async function applySizes(sizing: Sizing, tables = sizing.tables): Promise<void> {
  const {admin, session, targets, dataDir} = sizing
  sizing.indexes = await readIndexes(admin)
  const fresh = sizing.indexes.filter(({oid, file}) => file !== null && !sizing.pages.has(oid))
  await forgetPages(admin)
  const counts: string[] = []
  for (const table of tables) {
    const statistics = targets.get(keyOf(table))
    if (!statistics) continue
    counts.push(relationStatistics({...table, statistics}))
    if (table.file !== null) setPages(dataDir, table.file, statistics.pages)
    sizing.pages.set(table.oid, statistics.pages)
  }
  const known = fresh.flatMap(index => {
    const statistics = targets.get(keyOf(index))
    return statistics ? [{...index, statistics}] : []
  })
  for (const index of known) setIndexPages(sizing, index, index.statistics.pages)
  counts.push(...known.map(relationStatistics))
  await run(session, counts.join(';\n'))
  await sizeCandidates(
    sizing,
    fresh.filter(index => !targets.has(keyOf(index))),
  )
}

/** Makes the tables empty again, so that an index on them is made at once. */
export function emptyTables(sizing: Sizing, tables: readonly ShadowTable[]): void {
  for (const {file} of tables) if (file !== null) setPages(sizing.dataDir, file, 0)
}

function setIndexPages({dataDir, pages}: Sizing, index: ShadowIndex, wanted: number): void {
  const count = Math.max(wanted, pagesOfFile(dataDir, index.file!))
  const height = index.method === 'btree' ? heightOf(count, keyBytes({keys: keysOf(index, 0)})) : 0
  setPages(dataDir, index.file!, Math.max(count, height + 2))
  setHeight(dataDir, index.file!, height)
  pages.set(index.oid, count)
}

function keysOf(index: ShadowIndex, rows: number): IndexFacts['keys'] {
  const distinct = (column: ShadowIndexColumn) => {
    const known = column.distinct || -0.1
    return known < 0 ? -known * rows : known
  }
  return index.columns
    .filter(({isKey}) => isKey)
    .map(column => ({width: widthOf(column), distinct: distinct(column), type: column.type}))
}

const widthOf = ({width, length}: ShadowIndexColumn) => width ?? length ?? UNKNOWN_WIDTH

async function sizeCandidates(sizing: Sizing, indexes: ShadowIndex[]): Promise<void> {
  const rowsKnown = new Map<string, number>()
  const counts: string[] = []
  for (const created of indexes) {
    const table = sizing.tables.find(({oid}) => oid === created.tableOid)!
    const {index, sql} = withExpressions(created, sizing.targets.get(keyOf(table))?.columns ?? [])
    counts.push(...sql)
    const from = `FROM ONLY ${keyOf(table)}${index.predicate === null ? '' : ` WHERE ${index.predicate}`}`
    const rows = rowsKnown.get(from) ?? (await explainRoot(sizing.session, `SELECT ${from}`))['Plan Rows']
    rowsKnown.set(from, rows)
    const pages = indexPages(await factsOf(sizing, index, {rows, from}))
    setIndexPages(sizing, index, pages)
    counts.push(
      relationStatistics({
        ...index,
        statistics: {pages, relpages: pages, reltuples: rows, relallvisible: 0, columns: []},
      }),
    )
  }
  if (counts.length > 0) await run(sizing.session, counts.join(';\n'))
}

/** What the statistics do not tell of an expression, the planner estimates. */
async function factsOf(
  sizing: Sizing,
  index: ShadowIndex,
  {rows, from}: {rows: number; from: string},
): Promise<IndexFacts> {
  const keys = keysOf(index, rows)
  const keyColumns = index.columns.filter(({isKey}) => isKey)
  for (const [i, column] of keyColumns.entries()) {
    if (column.expression === null || column.distinct !== null) continue
    const root = await explainRoot(sizing.session, `SELECT ${column.expression} ${from} GROUP BY 1`)
    keys[i] = {...keys[i]!, distinct: root['Plan Rows'], width: column.length ?? root['Plan Width']}
  }
  return {
    method: index.method,
    rows,
    tablePages: sizing.pages.get(index.tableOid) ?? 0,
    keys,
    includeWidths: index.columns.filter(({isKey}) => !isKey).map(widthOf),
    isUnique: index.isUnique,
    canDeduplicate: index.canDeduplicate,
  }
}

/** Bytes of an index with those of its partitions. */
export const bytesOf = (sizing: Sizing, oids: readonly number[]) =>
  oids.reduce((total, oid) => total + (sizing.pages.get(oid) ?? 0), 0) * PAGE
