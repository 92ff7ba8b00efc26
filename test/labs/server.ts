import {setTimeout as sleep} from 'node:timers/promises'
import pg from 'pg'
import {loadAhsp} from '../../fixtures/ahsp/load.js'
import {HEALTHY_POOLER, HEALTHY_SETTINGS, type Lab, type LabServer} from '../../fixtures/lab.js'
import {startPgbouncer} from '../../fixtures/pgbouncer.js'
import {type EmbeddedServer, type ServerOptions, startServer} from '../../src/embedded/server.js'
import {startPair} from '../standby.js'

const DATABASE = 'ahsp'

/** Roles that exist on every lab server: the application's, and one that may connect and nothing else. */
export const PLAIN_ROLE = 'nobody_special'
const ROLES = [
  'CREATE ROLE app LOGIN',
  'GRANT pg_read_all_data, pg_write_all_data TO app',
  `CREATE ROLE ${PLAIN_ROLE} LOGIN`,
]
const ROLES_BEFORE_14 = ['CREATE ROLE app LOGIN SUPERUSER', `CREATE ROLE ${PLAIN_ROLE} LOGIN`]

/** A stopped server with the AHSP database loaded, copied for every lab. Its counters begin at zero. */
export async function healthyTemplate(binDir: string): Promise<{dataDir: string}> {
  const server = await startServer({settings: HEALTHY_SETTINGS, binDir, keep: true})
  await run(server.url(), [...(server.major >= 14 ? ROLES : ROLES_BEFORE_14), `CREATE DATABASE ${DATABASE}`])
  await run(server.url(DATABASE), ['CREATE EXTENSION pg_stat_statements'])
  await loadAhsp(server.url(DATABASE), {scale: 0.2})
  await run(server.url(DATABASE), ['VACUUM ANALYZE', 'SELECT pg_stat_statements_reset()', 'SELECT pg_stat_reset()'])
  // What loading has written says nothing about the application.
  if (server.major >= 14) await run(server.url(DATABASE), ["SELECT pg_stat_reset_shared('wal')"])
  await server.stop()
  return {dataDir: server.dataDir}
}

export type Running = LabServer & {stop: () => Promise<void>}

/** A copy of the healthy server with the lab's settings written into its postgresql.conf. */
export async function startLab(binDir: string, template: string, lab?: Lab): Promise<Running> {
  const settings = {...HEALTHY_SETTINGS, ...lab?.settings}
  const present = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== null)) as Record<
    string,
    string
  >
  const removed = Object.keys(settings).filter(name => settings[name] === null)
  const options = {settings: present, removed, binDir, template}
  if (lab?.pair) return startLabPair(options, lab.pair)
  const server = running(await startServer(options))
  return lab?.pooler ? withPooler(server, lab.pooler) : server
}

async function withPooler(lab: Running, described: NonNullable<Lab['pooler']>): Promise<Running> {
  try {
    const settings = {...HEALTHY_POOLER, ...described.settings}
    const pooler = await startPgbouncer({databases: [DATABASE], ...described, settings, server: lab.server})
    const stop = async () => {
      await lab.endSessions()
      await pooler.stop()
      await lab.stop()
    }
    return {...lab, pooler, stop}
  } catch (error) {
    await lab.stop()
    throw error
  }
}

async function startLabPair(
  options: ServerOptions & {template: string},
  which: 'primary' | 'standby',
): Promise<Running> {
  const pair = await startPair(options)
  const [primary, standby] = [running(pair.primary), running(pair.standby)]
  const streaming = "SELECT FROM pg_stat_replication WHERE state = 'streaming'"
  for (let tries = 0; tries < 100 && (await primary.sql(streaming)).length === 0; tries++) await sleep(50)
  const stop = async () => {
    await standby.stop()
    await primary.stop()
  }
  return which === 'primary' ? {...primary, other: standby, stop} : {...standby, other: primary, stop}
}

const isChange = (text: string) => !/^\s*SELECT\b(?!\s+pg_stat_reset)/i.test(text)

function running(server: EmbeddedServer): Running {
  const sessions: pg.Client[] = []
  const url = (user?: string) => server.url(DATABASE, user)
  const endSessions = async () => {
    await Promise.all(sessions.splice(0).map(client => client.end().catch(() => {})))
  }
  return {
    server,
    url,
    endSessions,
    sql: async (statements, user) => {
      const rows = await run(url(user), [statements].flat())
      // Up to 14 the statistics of what was done arrive half a second later.
      if (server.major < 15 && [statements].flat().some(isChange)) await sleep(1100)
      return rows
    },
    session: async ({user = 'app', name = 'lab', through} = {}) => {
      const target = through ? through.url(DATABASE, user) : url(user)
      const client = new pg.Client({connectionString: target, application_name: name})
      // Fixes may end sessions, and restarts do: that must not end the test.
      client.on('error', () => {})
      await client.connect()
      sessions.push(client)
      return client
    },
    stop: async () => {
      await endSessions()
      await server.stop()
    },
  }
}

export type {EmbeddedServer}

async function run(url: string, statements: string[]): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({connectionString: url, application_name: 'lab'})
  await client.connect()
  try {
    let rows: Record<string, unknown>[] = []
    for (const statement of statements) rows = (await client.query(statement)).rows
    return rows
  } finally {
    await client.end()
  }
}
