import {resolveConninfo} from '../../connect/conninfo.js'
import {type Connection, connect} from '../../connect/postgres.js'
import {type EmbeddedServer, startServer} from '../../embedded/server.js'
import {CASTS} from './extended.js'
import {createDatabase} from './locale.js'
import type {DatabaseLocale} from './schema.js'
import {RUNNER, RUNNER_SCHEMA, STATEMENT_MS} from './steps.js'

const DATABASE = 'shadow'
const SUPERUSER = 'postgres'
/** Owns everything that comes from the target: its functions must never run with a superuser's rights. */
const OWNER = 'ahsp_db_planner'

const SETTINGS = {
  shared_buffers: '16MB',
  max_connections: '10',
  max_locks_per_transaction: '4096',
  autovacuum: 'off',
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_wal_size: '8GB',
  checkpoint_timeout: '1d',
  jit: 'off',
  io_method: 'sync',
  // The values of statements and statistics must not come to rest in a log.
  log_min_messages: 'fatal',
  log_min_error_statement: 'panic',
  // For pg_index, and for collations that pg_catalog has on the target.
  allow_system_table_mods: 'on',
  // The pages that btree.ts writes have none.
  ignore_checksum_failure: 'on',
}

export type ShadowServer = {
  server: EmbeddedServer
  /** the superuser's session; runs nothing that came from the target */
  admin: Connection
  /** why texts sort differently here, null: they do not */
  localeNote: string | null
  /** a further session of the role that owns the objects */
  open(): Promise<Connection>
}

/** Starts the private server with an empty database that sorts as the target does. */
export async function startShadowServer(locale: DatabaseLocale): Promise<ShadowServer> {
  // Statistics hold values of users: only those who may enter the socket's folder get to them.
  const isPrivate = process.platform !== 'win32'
  const server = await startServer({
    settings: {...SETTINGS, ...(isPrivate ? {listen_addresses: ''} : {})},
    hba: isPrivate ? ['local all all trust'] : undefined,
    quick: true,
  })
  try {
    const maintenance = await openAs(server, SUPERUSER, 'postgres')
    await run(maintenance, `CREATE ROLE ${OWNER} LOGIN`)
    const localeNote = await createFirst(maintenance, createDatabase(DATABASE, OWNER, locale))
    await maintenance.close()
    const admin = await openAs(server, SUPERUSER, DATABASE)
    await run(
      admin,
      `SET search_path = pg_catalog; SET client_min_messages = error; CREATE SCHEMA ${RUNNER_SCHEMA};
       GRANT USAGE ON SCHEMA ${RUNNER_SCHEMA} TO ${OWNER}; ${RUNNER};
       ${CASTS}; CREATE EXTENSION pg_buffercache SCHEMA ${RUNNER_SCHEMA}`,
    )
    return {server, admin, localeNote, open: () => openAs(server, OWNER, DATABASE)}
  } catch (error) {
    await server.stop()
    throw error
  }
}

async function createFirst(connection: Connection, ways: string[]): Promise<string | null> {
  for (const [i, sql] of ways.entries()) {
    try {
      await run(connection, sql)
      return i === 0 ? null : `texts are sorted by another locale than there: ${/(ICU_)?LOCALE '.*$/.exec(sql)?.[0]}`
    } catch (error) {
      if (i === ways.length - 1) throw error
    }
  }
  return null
}

async function openAs(server: EmbeddedServer, user: string, database: string): Promise<Connection> {
  const place = server.socketDir || server.host
  const conninfo = `host='${place.replace(/['\\]/g, '\\$&')}' port=${server.port} user=${user} dbname=${database} sslmode=disable`
  return connect(await resolveConninfo(conninfo, {}))
}

export const run = (connection: Connection, sql: string) => connection.run(sql, {deadlineMs: STATEMENT_MS})
