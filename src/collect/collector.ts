import type {Section, SectionName, Sections} from '../snapshot.js'

/** Put behind the first keyword, so that pg_stat_statements keeps it in the text: our own work is left out by it. */
export const MARK = '/* ahsp-db */'

export type Row = Record<string, unknown>

/** What the first collector (server) learnt; later SQL depends on it. */
export type CollectContext = {
  versionNum: number
  user: string
  linux: boolean
  readsFileSettings: boolean
  readsHbaRules: boolean
  /** null: the extension is not created in this database */
  statements: {schema: string; version: string} | null
  /** null: --deep was not given. schema null: pgstattuple is not created in this database */
  deep: {schema: string | null; mayScan: boolean} | null
  /** the tables whose indexes, foreign keys and sequences are worth fetching */
  tableOids: number[]
  /** the statements whose texts are worth fetching */
  queryids: string[]
}

/** One section: a fixed query, and how its rows become data. No judgement here. */
export type Collector<N extends SectionName = SectionName> = {
  section: N
  /** server_version_num below which the source does not exist */
  minVersion?: number
  /** statement_timeout in milliseconds; default 5000 */
  timeoutMs?: number
  /** what makes the section readable, when it is not; default pg_monitor */
  grant?: (context: CollectContext) => string
  /** a reason to not even try, e.g. an extension that is absent */
  unavailable?: (context: CollectContext) => Section<never> | null
  sql: (context: CollectContext) => string
  /** default: the rows themselves, whose column aliases are the type's names */
  map?: (rows: Row[], context: CollectContext) => Sections[N] | Section<Sections[N]>
}

export const collector = <N extends SectionName>(definition: Collector<N>): Collector<N> => definition

/** timestamptz -> seconds since 1970 */
export const epoch = (column: string, alias: string) => `extract(epoch from ${column})::float8 AS "${alias}"`

export const count = (column: string, alias: string) => `${column}::float8 AS "${alias}"`

/** A column that only exists from `version` on; NULL before. */
export const since = (context: CollectContext, version: number, expression: string, alias: string) =>
  context.versionNum >= version ? `${expression} AS "${alias}"` : `NULL::float8 AS "${alias}"`

/** Rows fetched with a `total` column (count(*) OVER ()) become a section that knows how many there were. */
export function limited<T>(rows: Row[]): Section<T[]> {
  const total = rows.length > 0 ? Number(rows[0]!.total) : 0
  const data = rows.map(({total: _, ...row}) => row as T)
  return total > data.length ? {ok: true, data, total} : {ok: true, data}
}

export const USER_SCHEMAS = `n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'`

/** At most this many tables are described; the rest is counted ("showing N of M"). */
export const MAX_TABLES = 500

/** `= ANY` over the chosen tables, as a constant that pg_stat_statements normalizes to one shape. */
export const amongTables = (context: CollectContext, column: string) =>
  `${column} = ANY ('{${context.tableOids.join(',')}}'::oid[])`
