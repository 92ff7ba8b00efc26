import {lookup} from 'node:dns/promises'
import {isIP} from 'node:net'
import {resolveConninfo} from './conninfo.js'
import {ConnectError} from './error.js'
import {connect} from './postgres.js'
import type {Connection} from './session.js'
import {isSocketPath, placeOf} from './settings.js'

/** The database name under which PgBouncer answers commands. */
export const CONSOLE_DATABASE = 'pgbouncer'

/** Where the server is says nothing about where its pooler is. */
const OF_THE_SERVER = ['PGHOST', 'PGHOSTADDR', 'PGSERVICE', 'PGTARGETSESSIONATTRS', 'DATABASE_URL']

export type Console = {connection: Connection; addresses: string[]}

/** PgBouncer announces itself as `1.18.0/bouncer`. */
export const isConsole = ({parameters}: Pick<Connection, 'parameters'>): boolean =>
  /\/bouncer\b/i.test(parameters.server_version ?? '')

/** Opens a console; port 6432 and the database `pgbouncer` need not be named. Throws ConnectError or CliError. */
export async function connectConsole(conninfo: string, env: NodeJS.ProcessEnv): Promise<Console> {
  const own = Object.fromEntries(Object.entries(env).filter(([name]) => !OF_THE_SERVER.includes(name)))
  const settings = await resolveConninfo(conninfo, {...own, PGPORT: '6432', PGDATABASE: CONSOLE_DATABASE})
  const connection = await connect(settings)
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

/** What a host name means here, in the order in which clients try; empty for sockets, addresses and failures. */
export async function addressesOf(host: string): Promise<string[]> {
  if (isSocketPath(host) || isIP(host) !== 0) return []
  const found = await lookup(host, {all: true, verbatim: true}).catch(() => [])
  return [...new Set(found.map(({address}) => address))]
}
