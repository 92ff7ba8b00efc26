import {lookup} from 'node:dns/promises'
import {isIP} from 'node:net'
import {resolveConninfo} from './conninfo.js'
import {ConnectError} from './error.js'
import {connect} from './postgres.js'
import type {Connection} from './session.js'
import {type ConnectionSettings, isSocketPath, placeOf} from './settings.js'

/** The database name under which PgBouncer answers commands. */
export const CONSOLE_DATABASE = 'pgbouncer'

/** Where the server is says nothing about where its pooler is. */
const OF_THE_SERVER = ['PGHOST', 'PGHOSTADDR', 'PGSERVICE', 'PGTARGETSESSIONATTRS', 'DATABASE_URL']

/** A pooler that does not answer must not hold up the run for long; what the user says himself counts. */
const CONNECT_TIMEOUT_SECONDS = '3'
const PATIENCE_MS = 1500

export type Console = {connection: Connection; addresses: string[]}

/** PgBouncer announces itself as `1.18.0/bouncer`. */
export const isConsole = ({parameters}: Pick<Connection, 'parameters'>): boolean =>
  /\/bouncer\b/i.test(parameters.server_version ?? '')

/**
 * libpq's rules for a console: port 6432 and the database `pgbouncer` need not be named. PGPASSWORD is the server's:
 * it is tried where neither the string nor the password file has one. Throws CliError (exit 2).
 */
export async function consoleSettings(conninfo: string, env: NodeJS.ProcessEnv): Promise<ConnectionSettings> {
  const own = Object.fromEntries(Object.entries(env).filter(([name]) => !OF_THE_SERVER.includes(name)))
  const defaults = {PGCONNECT_TIMEOUT: CONNECT_TIMEOUT_SECONDS, ...own, PGPORT: '6432', PGDATABASE: CONSOLE_DATABASE}
  const settings = await resolveConninfo(conninfo, {...defaults, PGPASSWORD: undefined})
  return settings.passwordSource === 'none' ? resolveConninfo(conninfo, defaults) : settings
}

/** Opens a console. Throws ConnectError. */
export async function openConsole(settings: ConnectionSettings): Promise<Console> {
  const connection = await connect(settings, {patienceMs: PATIENCE_MS}).catch((error: unknown) => {
    throw error instanceof ConnectError ? forConsole(error) : error
  })
  if (isConsole(connection)) return {connection, addresses: await addressesOf(connection.target.host)}
  await connection.close()
  const {host, port, database} = connection.target
  throw new ConnectError(
    'protocol',
    `${placeOf({host, port})}, database ${JSON.stringify(database)}, is no PgBouncer console`,
    `name the pooler's port and the database ${CONSOLE_DATABASE}, e.g. host=... port=6432 dbname=${CONSOLE_DATABASE}`,
    connection.target,
  )
}

export const connectConsole = async (conninfo: string, env: NodeJS.ProcessEnv): Promise<Console> =>
  openConsole(await consoleSettings(conninfo, env))

/** The same refusal, with what to do about it where a console was meant. */
function forConsole(error: ConnectError): ConnectError {
  const {kind, message, target, sqlstate} = error
  const user = JSON.stringify(target.user)
  const advised = (what: string, hint: string) => new ConnectError(kind, what, hint, target, sqlstate, {cause: error})
  if (kind === 'no-database') {
    const isServer = sqlstate === '3D000'
    return advised(
      message,
      isServer
        ? "this is PostgreSQL's own port: name PgBouncer's, by default 6432"
        : `the console is the database ${CONSOLE_DATABASE}: leave dbname out`,
    )
  }
  if (kind !== 'pooler' || !/not allowed/i.test(message)) return error
  return advised(
    `${placeOf(target)}: user ${user} may not use the console`,
    `add ${user} to stats_users in pgbouncer.ini, then RELOAD`,
  )
}

/** What a host name means here, in the order in which clients try; empty for sockets, addresses and failures. */
export async function addressesOf(host: string): Promise<string[]> {
  if (isSocketPath(host) || isIP(host) !== 0) return []
  const found = await lookup(host, {all: true, verbatim: true}).catch(() => [])
  return [...new Set(found.map(({address}) => address))]
}
