import {type CollectContext, MARK} from '../collect/collector.js'
import {LIMITS, ROLLBACK, transaction} from '../collect/transaction.js'
import {type Connection, QueryError, type Row} from '../connect/postgres.js'
import {quoteIdent, quoteLiteral} from '../sql/quote.js'
import {mayExplain, parametersOf} from './gate.js'
import {planOf, renameIndexes} from './plan-tree.js'
import {
  type Configuration,
  type IndexDefinition,
  type Plan,
  PlanError,
  type Planner,
  type PlannerStatement,
  type PreparedIndex,
} from './planner.js'
import {createIndex} from './shadow/candidates.js'

/** Where hypothetical indexes live: the session; and the session may be a pooler's. */
type Session = {
  connection: Connection
  versionNum: number
  schema: string
  /** hypopg_hide_index came with 1.4 */
  canHide: boolean
  searchPath: string
}

const PREPARED = 'ahsp_db_whatif'

/**
 * Plans on the target itself, with the hypothetical indexes of its extension hypopg: SELECT only, each in a read-only
 * transaction of its own that leaves no hypothetical index behind. null: the extension is not created there. The SQL
 * parser must be loaded. `bytes` are hypopg's estimate, which knows nothing of deduplication.
 */
export async function openHypopg(connection: Connection): Promise<Planner | null> {
  const sql = `SELECT ${MARK} current_setting('server_version_num')::int AS version, n.nspname::text AS schema,
      e.extversion AS extension, (SELECT s.reset_val FROM pg_settings s WHERE s.name = 'search_path') AS path
    FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'hypopg'`
  const [found] = (await send(connection, sql))[0]!
  if (!found) return null
  const [major, minor] = (found.extension as string).split('.').map(Number)
  const session: Session = {
    connection,
    versionNum: found.version as number,
    schema: quoteIdent(found.schema as string),
    canHide: major! > 1 || minor! >= 4,
    searchPath: found.path as string,
  }
  const names = {last: 0}
  return {
    kind: 'hypopg',
    disabled: [],
    prepare: definitions => prepare(session, definitions, names),
    explain: (statement, configuration = {}) => explain(session, statement, configuration),
    close: () => connection.close(),
  }
}

/** The results of what was asked, without those of the transaction around it. */
async function send(connection: Connection, sql: string): Promise<Row[][]> {
  const message = transaction(sql, {linux: false} as CollectContext)
  const results = await connection.run(message, {deadlineMs: LIMITS.statement + LIMITS.clientGrace})
  return results.slice(2, -1)
}

/** The server's refusal becomes a PlanError, and nothing of the attempt stays in the session. */
async function plan({connection, schema}: Session, sql: string, prepared: boolean): Promise<Row[][]> {
  try {
    return await send(
      connection,
      `SELECT ${MARK} ${schema}.hypopg_reset(); ${sql}; SELECT ${MARK} ${schema}.hypopg_reset()`,
    )
  } catch (error) {
    const quietly = (cleanUp: string) =>
      connection.isOpen ? connection.run(cleanUp, {deadlineMs: LIMITS.clientGrace}).catch(() => []) : []
    if (connection.transaction !== 'none') await quietly(ROLLBACK)
    await quietly(`SELECT ${MARK} ${schema}.hypopg_reset()`)
    if (prepared) await quietly(`DEALLOCATE ${PREPARED}`)
    if (error instanceof QueryError && error.kind !== 'lost') throw new PlanError(error.message, {cause: error})
    throw error
  }
}

const create = ({schema}: Session, definition: IndexDefinition) =>
  `${schema}.hypopg_create_index(${quoteLiteral(createIndex(definition))})`

async function prepare(session: Session, definitions: readonly IndexDefinition[], names: {last: number}) {
  const prepared: PreparedIndex[] = []
  const refused: {definition: IndexDefinition; reason: string}[] = []
  for (const definition of definitions) {
    try {
      const size = `${session.schema}.hypopg_relation_size(h.indexrelid)::float8`
      const results = await plan(
        session,
        `SELECT ${MARK} ${size} AS bytes FROM ${create(session, definition)} h`,
        false,
      )
      names.last += 1
      prepared.push({name: `ahsp_db_candidate_${names.last}`, definition, bytes: results[1]![0]!.bytes as number})
    } catch (error) {
      if (!(error instanceof PlanError)) throw error
      refused.push({definition, reason: error.message})
    }
  }
  return {prepared, refused}
}

async function explain(session: Session, statement: PlannerStatement, configuration: Configuration): Promise<Plan> {
  const {sql, values} = statement
  const refusal = mayExplain(sql, values ?? [])
  if (refusal) throw new PlanError(refusal)
  const {indexes = [], without = [], settings = {}} = configuration
  if (without.length > 0 && !session.canHide) throw new PlanError('hypopg hides existing indexes from version 1.4 on')
  const isPrepared = values !== undefined || (session.versionNum < 160000 && parametersOf(sql) > 0)
  const local = {
    ...settings,
    search_path: session.searchPath,
    plan_cache_mode: values ? 'force_custom_plan' : 'force_generic_plan',
  }
  const hypothetical = indexes.map(({definition}) => `SELECT ${MARK} h.indexname FROM ${create(session, definition)} h`)
  const steps = [
    ...hypothetical,
    ...without.map(name => `SELECT ${MARK} ${session.schema}.hypopg_hide_index(${quoteLiteral(name)}::regclass)`),
    ...Object.entries(local).map(
      ([name, value]) => `SELECT ${MARK} set_config('${quoteSetting(name)}', ${quoteLiteral(value)}, true)`,
    ),
    explainSql(session, statement, isPrepared),
    ...(isPrepared ? [`DEALLOCATE ${PREPARED}`] : []),
  ]
  const results = await plan(session, steps.join(';\n'), isPrepared)
  const names = new Map(indexes.map(({name}, i) => [results[i + 1]![0]!.indexname as string, name]))
  const found = planOf(results)
  renameIndexes(found.root, names)
  return found
}

const quoteSetting = (name: string) => name.replace(/[^\w.]/g, '')

function explainSql({versionNum}: Session, {sql, values}: PlannerStatement, isPrepared: boolean): string {
  const text = sql.replace(/[;\s]+$/, '')
  if (!isPrepared) return `EXPLAIN (${versionNum >= 160000 ? 'GENERIC_PLAN, ' : ''}FORMAT JSON) ${MARK} ${text}\n`
  const given = values ?? Array.from({length: parametersOf(sql)}, () => 'NULL')
  const list = given.length > 0 ? `(${given.join(', ')})` : ''
  return `PREPARE ${PREPARED} AS ${MARK} ${text}\n; EXPLAIN (FORMAT JSON) ${MARK} EXECUTE ${PREPARED}${list}`
}
