import type {CollectContext, Row} from '../../collect/collector.js'
import {LIMITS, ROLLBACK, transaction} from '../../collect/transaction.js'
import {type Connection, QueryError} from '../../connect/postgres.js'
import {qualified, quoteIdent} from '../../sql/quote.js'
import * as objects from './object-queries.js'
import * as queries from './relation-queries.js'
import type {
  ColumnStatisticsText,
  RelationStatistics,
  TargetColumn,
  TargetConstraint,
  TargetSchema,
  TargetTable,
} from './schema.js'

export type {WantedTable} from './relation-queries.js'

export type ReadOptions = {
  /** only these, with what they stand on (tables below views, partitions, parents); default: all */
  tables?: readonly queries.WantedTable[]
  /** for each statement; default 20 s */
  timeoutMs?: number
}

const TIMEOUT_MS = 20_000
const LOCKED = '55P03'
const NAMED_IN_NOTES = 5

/**
 * Reads what a shadow needs: a dozen statements, each in a read-only transaction of its own. Throws QueryError when
 * the catalog itself cannot be read; what the role may not see of the statistics is left out with a note.
 */
export async function readSchema(connection: Connection, options: ReadOptions = {}): Promise<TargetSchema> {
  const ask = asker(connection, options.timeoutMs ?? TIMEOUT_MS)
  const [database] = (await ask(objects.database)) as [Database]
  const settings = Object.fromEntries((await ask(objects.settings)).map(({name, value}) => [name, value]))
  const notes: string[] = []
  const {tables, views} = await readRelations(ask, database.versionNum, options.tables, notes)
  const {versionNum, provider, collate, locale} = database
  return {
    versionNum,
    locale: {provider, collate, locale},
    settings: {...settings, search_path: searchPath(settings.search_path ?? '', database.user)},
    extensions: (await ask(objects.extensions)) as TargetSchema['extensions'],
    schemas: (await ask(objects.schemas)).map(row => row.name as string),
    collations: (await ask(objects.collations)) as TargetSchema['collations'],
    types: (await ask(objects.types)) as TargetSchema['types'],
    functions: (await ask(objects.functions)) as TargetSchema['functions'],
    tables,
    views,
    notes,
  }
}

type Database = {versionNum: number; user: string; provider: string; collate: string; locale: string | null}
type Ask = (sql: string) => Promise<Row[]>

function asker(connection: Connection, timeoutMs: number): Ask {
  const version = Number.parseFloat(connection.parameters.server_version ?? '0')
  const context = {linux: false, versionNum: version * 10000} as CollectContext
  return async sql => {
    try {
      const deadlineMs = timeoutMs + LIMITS.clientGrace
      return (await connection.run(transaction(sql, context, timeoutMs), {deadlineMs}))[2]!
    } catch (error) {
      if (connection.isOpen && connection.transaction !== 'none') {
        await connection.run(ROLLBACK, {deadlineMs: LIMITS.clientGrace})
      }
      throw error
    }
  }
}

const searchPath = (path: string, user: string) => path.replace('"$user"', () => quoteIdent(user))

type Relation = Row & Omit<TargetTable, 'kind'> & {oid: number; kind: string; view: string; isReadable: boolean}

async function readRelations(
  ask: Ask,
  versionNum: number,
  wanted: readonly queries.WantedTable[] | undefined,
  notes: string[],
): Promise<Pick<TargetSchema, 'tables' | 'views'>> {
  const relations = await withSizes(sizes => ask(queries.relations(wanted, sizes)))
  if (relations.length > queries.MAX_RELATIONS) {
    relations.pop()
    notes.push(`only the ${queries.MAX_RELATIONS} largest tables were read`)
  }
  const known = relations as Relation[]
  const oids = known.map(({oid}) => oid)
  const columns = byOid(await ask(queries.columns(oids)))
  const columnsOf = ({oid}: Relation) => (columns.get(oid)?.[0]?.columns ?? []) as TargetColumn[]
  noteUnread(known, notes)
  const details = await readDetails(ask, versionNum, known)
  return {
    tables: known
      .filter(({kind}) => 'rpm'.includes(kind))
      .map(relation => tableOf(relation, columnsOf(relation), details)),
    views: known
      .filter(({kind}) => kind === 'v')
      .sort((a, b) => a.oid - b.oid)
      .map(relation => viewOf(relation, columnsOf(relation))),
  }
}

/** The sizes of files, unless somebody holds one of the tables exclusively. */
async function withSizes(read: (sizes: boolean) => Promise<Row[]>): Promise<Row[]> {
  try {
    return await read(true)
  } catch (error) {
    const isSlow = error instanceof QueryError && (error.sqlstate === LOCKED || error.sqlstate === '57014')
    if (!isSlow) throw error
    return read(false)
  }
}

type Details = Record<'constraints' | 'indexes' | 'extended', Map<number, Row[]>> & {
  statistics: Map<string, ColumnStatisticsText[]>
}

async function readDetails(ask: Ask, versionNum: number, relations: Relation[]): Promise<Details> {
  const oids = relations.map(({oid}) => oid)
  const indexes = await withSizes(sizes => ask(queries.indexes(oids, sizes)))
  const names = [...relations, ...(indexes as {schema: string; name: string}[])]
  const statistics = new Map<string, ColumnStatisticsText[]>()
  for (const {schema, name, column, ...values} of await ask(objects.statistics(versionNum, names))) {
    const key = qualified(schema as string, name as string)
    const given = Object.entries(values).filter(([, value]) => value !== null)
    const row = {name: column, ...Object.fromEntries(given)} as ColumnStatisticsText
    statistics.set(key, [...(statistics.get(key) ?? []), row])
  }
  return {
    constraints: byOid(await ask(queries.constraints(oids))),
    indexes: byOid(indexes),
    extended: byOid(await ask(queries.extended(oids))),
    statistics,
  }
}

function byOid(rows: Row[]): Map<number, Row[]> {
  const map = new Map<number, Row[]>()
  for (const row of rows) map.set(row.oid as number, [...(map.get(row.oid as number) ?? []), row])
  return map
}

function tableOf(relation: Relation, columns: TargetColumn[], details: Details): TargetTable {
  const {oid, schema, name, kind, accessMethod, partitionKey, parents, options} = relation
  const statistics = (row: Row) => statisticsOf(row, details.statistics)
  return {
    schema,
    name,
    kind: kind as TargetTable['kind'],
    accessMethod: accessMethod === 'heap' ? null : accessMethod,
    columns,
    partitionKey,
    parents,
    options,
    statistics: statistics(relation),
    constraints: (details.constraints.get(oid)?.[0]?.constraints ?? []) as TargetConstraint[],
    indexes: (details.indexes.get(oid) ?? []).map(index => ({
      name: index.name as string,
      method: index.method as string,
      sql: index.sql as string | null,
      statistics: statistics(index),
    })),
    extended: (details.extended.get(oid) ?? []).map(({oid: _, ...row}) => row) as TargetTable['extended'],
  }
}

function statisticsOf(row: Row, columns: Map<string, ColumnStatisticsText[]>): RelationStatistics {
  const {pages, relpages, reltuples, relallvisible} = row as Record<string, number>
  return {
    pages: Math.floor(pages!),
    relpages: relpages!,
    // Before 14 both were 0 until the first VACUUM or ANALYZE.
    reltuples: relpages === 0 && reltuples === 0 && pages! > 0 ? -1 : reltuples!,
    relallvisible: relallvisible!,
    columns: columns.get(qualified(row.schema as string, row.name as string)) ?? [],
  }
}

function viewOf({schema, name, view, options}: Relation, columns: TargetColumn[]) {
  const names = columns.map(column => quoteIdent(column.name)).join(', ')
  const barrier = options.some(option => /^security_barrier=(true|on|1)$/.test(option))
  const secured = barrier ? ' WITH (security_barrier)' : ''
  return {schema, name, sql: `CREATE VIEW ${qualified(schema, name)} (${names})${secured} AS ${view}`}
}

function noteUnread(relations: Relation[], notes: string[]): void {
  const named = (some: Relation[]) => {
    const names = some.slice(0, NAMED_IN_NOTES).map(({schema, name}) => qualified(schema, name))
    return `${names.join(', ')}${some.length > names.length ? ` and ${some.length - names.length} more` : ''}`
  }
  const foreign = relations.filter(({kind}) => kind === 'f')
  if (foreign.length > 0) notes.push(`foreign tables are not planned: ${named(foreign)}`)
  const hidden = relations.filter(({kind, isReadable}) => !isReadable && 'rpm'.includes(kind))
  if (hidden.length === 0) return
  notes.push(`the role may not read ${named(hidden)}: only their sizes are known, not what their columns hold`)
}
