/**
 * `npx tsx scripts/record-pgbouncer.ts`: what the console of the PgBouncer that is installed here shows of a small
 * state, as fixtures/pgbouncer-versions/<major.minor>.txt. What differs from run to run (ports, pids, times, places)
 * is replaced, so that only another version changes the file.
 */
import {mkdirSync, writeFileSync} from 'node:fs'
import {fileURLToPath} from 'node:url'
import pg from 'pg'
import {type Pgbouncer, STATS, startPgbouncer} from '../fixtures/pgbouncer.js'
import {consoleText} from '../fixtures/pgbouncer-versions.js'
import {COMMANDS} from '../src/collect/pgbouncer/sections.js'
import {connectConsole} from '../src/connect/pgbouncer.js'
import {type EmbeddedServer, startServer} from '../src/embedded/server.js'

const FOLDER = fileURLToPath(new URL('../fixtures/pgbouncer-versions/', import.meta.url))
const TIME = '2026-01-05 09:00:00 UTC'

type Rows = Record<string, unknown>[]

async function main(): Promise<void> {
  const server = await startServer()
  try {
    const admin = new pg.Client({connectionString: server.url()})
    await admin.connect()
    await admin.query('CREATE ROLE app LOGIN')
    await admin.end()
    const pooler = await startPgbouncer({server, ...described(server)})
    try {
      const clients = await openClients(pooler)
      const shown = await record(pooler)
      await Promise.all(clients.map(client => client.end()))
      const version = /\d+\.\d+/.exec(String(shown.VERSION![0]!.version))![0]
      mkdirSync(FOLDER, {recursive: true})
      const places = placesOf(pooler, server)
      writeFileSync(`${FOLDER}${version}.txt`, consoleText('recorded from the program', stable(shown, places)))
    } finally {
      await pooler.stop()
    }
  } finally {
    await server.stop()
  }
}

const described = ({port}: EmbeddedServer) => ({
  databases: {
    shop: `host=127.0.0.1 port=${port} dbname=postgres pool_size=40 reserve_pool=5 max_db_connections=90`,
    reports: `host=localhost port=${port} dbname=postgres user=postgres pool_mode=session`,
  },
  settings: {default_pool_size: '20', min_pool_size: '2', max_client_conn: '500', ignore_startup_parameters: 'options'},
  users: {app: 'pool_mode=transaction max_user_connections=60'},
})

/** One in a transaction, one idle, one in a session of its own. */
async function openClients(pooler: Pgbouncer): Promise<pg.Client[]> {
  const named = [
    ['shop', 'gunicorn'],
    ['shop', 'gunicorn'],
    ['reports', 'nightly'],
  ] as const
  const all = named.map(
    ([database, name]) => new pg.Client({connectionString: pooler.url(database), application_name: name}),
  )
  for (const client of all) {
    await client.connect()
    await client.query('SELECT 1')
  }
  await all[0]!.query('BEGIN')
  return all
}

async function record(pooler: Pgbouncer): Promise<Record<string, Rows>> {
  const {connection} = await connectConsole(pooler.console(STATS), {})
  const shown: Record<string, Rows> = {}
  for (const command of COMMANDS) {
    const [rows] = await connection.run(`SHOW ${command}`, {deadlineMs: 3000}).catch(() => [])
    if (rows) shown[command] = rows
  }
  await connection.close()
  return shown
}

type Places = {ports: Record<number, number>; texts: [string, string][]}

function stable(shown: Record<string, Rows>, places: Places): Record<string, Rows> {
  const pids = new Map<number, number>()
  const value = (name: string, found: unknown): unknown => {
    if (name.endsWith('_time') && /^\d{4}-/.test(String(found))) return TIME
    if (name === 'ptr' || name === 'link') return found && '0x5581c0de0000'
    if (name === 'remote_pid' && found !== 0) return pidOf(pids, found as number)
    if (name === 'port' || name === 'local_port') return places.ports[found as number] ?? 40000
    if (/^avg_|_time$|_sent$|_received$|^wait|^ttl$/.test(name) && found) return 1000
    return typeof found === 'string' ? replaced(found, places.texts) : found
  }
  const row = (all: Record<string, unknown>) =>
    Object.fromEntries(Object.entries(all).map(([name, found]) => [name, value(name, found)]))
  return Object.fromEntries(Object.entries(shown).map(([command, rows]) => [command, rows.map(row)]))
}

const placesOf = ({iniFile, port}: Pgbouncer, server: EmbeddedServer): Places => ({
  ports: {0: 0, [server.port]: 5432, [port]: 6432},
  texts: [
    [iniFile.slice(0, iniFile.lastIndexOf('/')), '/etc/pgbouncer'],
    [`${port}`, '6432'],
    [`${server.port}`, '5432'],
  ],
})

const replaced = (text: string, replacements: [string, string][]) =>
  replacements.reduce((all, [from, to]) => all.replaceAll(from, to), text)

function pidOf(pids: Map<number, number>, pid: number): number {
  if (!pids.has(pid)) pids.set(pid, 4001 + pids.size)
  return pids.get(pid)!
}

await main()
