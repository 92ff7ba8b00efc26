import {MARK} from '../collect/collector.js'
import {resolveConninfo} from '../connect/conninfo.js'
import {type Connection, connect, QueryError, type Row} from '../connect/postgres.js'
import {CliError, EXIT} from '../errors.js'
import {safeJson} from '../render/json.js'
import {quoteLiteral} from '../sql/quote.js'
import {ENTRIES, HISTORY_DDL, SCHEMA} from './ddl.js'
import {entryOf} from './entry.js'
import {idOf, suffixOf} from './names.js'
import {pack, unpack} from './pack.js'
import {expired} from './retention.js'
import type {History, HistoryEntry, HistoryHead, HistoryTarget} from './store.js'

/** A snapshot of 20,000 tables is some megabytes to send. */
const DEADLINE_MS = 60_000

/**
 * The history in a database that the user named: the only place where this program writes to a server. Nothing is
 * created here, `ahsp-db init --history` does that. Throws CliError; never a ConnectError, which is the checked
 * server's.
 */
export async function databaseHistory(conninfo: string, env: NodeJS.ProcessEnv): Promise<History> {
  const connection = await open(conninfo, env)
  const {host, port, database} = connection.target
  const name = `${host}:${port}/${database}`
  const run = (sql: string) => runSql(connection, name, sql)
  const list = async (target: HistoryTarget | null) => {
    const rows = await run(`SELECT ${HEAD} FROM ${ENTRIES}${whereOf(target)} ORDER BY ${ENTRIES}.at DESC, id DESC`)
    return rows.map(headOf)
  }
  return {
    name,
    save: entry => saveIn(run, entry),
    list,
    read: head => readFrom(run, name, head),
    async prune(target, retention) {
      const doomed = expired(await list(target), retention, Date.now() / 1000).map(keyOf)
      if (doomed.length > 0) await run(`DELETE FROM ${ENTRIES} WHERE id = ANY ('{${doomed.join(',')}}'::int8[])`)
      return doomed.length
    },
    notes: () => [],
    close: () => connection.close(),
  }
}

/** Creates the schema where it is missing; returns the place. Throws CliError. */
export async function createHistory(conninfo: string, env: NodeJS.ProcessEnv): Promise<string> {
  const connection = await open(conninfo, env)
  try {
    const {host, port, database} = connection.target
    const name = `${host}:${port}/${database}`
    await runSql(connection, name, `BEGIN; ${HISTORY_DDL} COMMIT`)
    return name
  } finally {
    await connection.close()
  }
}

async function open(conninfo: string, env: NodeJS.ProcessEnv): Promise<Connection> {
  const settings = await resolveConninfo(conninfo, env)
  return connect(settings).catch((error: Error) => {
    const hint = error instanceof CliError ? error.hint : 'is it there?'
    throw new CliError('HISTORY', EXIT.connect, `the history cannot be reached: ${error.message}`, hint, {cause: error})
  })
}

const HEAD = "id::text AS id, host, port, database, pg_catalog.date_part('epoch', at) AS at"

/** The same form as in a folder: the time, and the key in the table. */
const idFor = (key: string, at: number) => idOf(at, BigInt(key).toString(16).padStart(8, '0'))
const keyOf = ({id}: HistoryHead) => BigInt(`0x${suffixOf(id) || 0}`).toString()

type Run = (sql: string) => Promise<Row[]>

async function runSql(connection: Connection, name: string, sql: string): Promise<Row[]> {
  try {
    return (await connection.run(`${MARK} ${sql}`, {deadlineMs: DEADLINE_MS})).at(-1) ?? []
  } catch (error) {
    if (!(error instanceof QueryError)) throw error
    const failed = (what: string, hint: string) =>
      new CliError('HISTORY', EXIT.output, `${name}: ${what}`, hint, {cause: error})
    // undefined_table, invalid_schema_name
    if (error.sqlstate === '42P01' || error.sqlstate === '3F000') {
      throw failed('there is no history yet', 'create it with ahsp-db init --history CONNINFO')
    }
    if (error.sqlstate === '42501') {
      throw failed(
        error.message,
        `grant USAGE on schema ${SCHEMA}, and SELECT, INSERT, DELETE on its table, to the role`,
      )
    }
    throw failed(error.message, 'is this the database for the history?')
  }
}

async function saveIn(run: Run, {snapshot, report}: HistoryEntry): Promise<HistoryHead> {
  const {host, port, database} = snapshot.target
  const packed = (await pack(snapshot)).toString('base64')
  const values = [
    quoteLiteral(host),
    port,
    quoteLiteral(database),
    `pg_catalog.to_timestamp(${Number(snapshot.collectedAt)})`,
    quoteLiteral(snapshot.tool),
    `${quoteLiteral(jsonb(report))}::jsonb`,
    `pg_catalog.decode('${packed}', 'base64')`,
  ]
  const [row] = await run(`INSERT INTO ${ENTRIES} (host, port, database, at, tool, report, snapshot)
    VALUES (${values.join(', ')})
    RETURNING ${HEAD}`)
  return headOf(row!)
}

/** jsonb takes neither a NUL nor half of a surrogate pair. */
const jsonb = (value: unknown): string =>
  safeJson(
    JSON.parse(JSON.stringify(value), (_, each) =>
      typeof each === 'string' ? Buffer.from(each).toString('utf8').replaceAll('\0', '\ufffd') : each,
    ),
    0,
  )

async function readFrom(run: Run, name: string, head: HistoryHead): Promise<HistoryEntry> {
  const [row] = await run(`SELECT report::text AS report, pg_catalog.encode(snapshot, 'base64') AS snapshot
    FROM ${ENTRIES} WHERE id = ${keyOf(head)}`)
  const of = `${name}, run ${head.id}`
  const bad = (what: string, cause?: unknown) =>
    new CliError('HISTORY', EXIT.usage, `${of}: ${what}`, 'it is left out', {cause})
  if (!row) throw bad('was removed')
  const snapshot = await unpack(Buffer.from(row.snapshot as string, 'base64')).catch(error => {
    throw bad('is damaged', error)
  })
  const entry = {format: 'ahsp-db/history', version: 1, snapshot, report: JSON.parse(row.report as string)}
  return entryOf(of, entry)
}

function whereOf(target: HistoryTarget | null): string {
  if (!target) return ''
  const {host, port, database} = target
  return ` WHERE host = ${quoteLiteral(host)} AND port = ${Number(port)} AND database = ${quoteLiteral(database)}`
}

const headOf = ({id, host, port, database, at}: Row): HistoryHead => ({
  id: idFor(id as string, Number(at)),
  target: {host: host as string, port: Number(port), database: database as string},
  at: Number(at),
})
