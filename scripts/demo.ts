/**
 * `npm run demo`: the neglected AHSP application on a real PostgreSQL 18, under load, and `ahsp-db check` on it.
 * Nothing stays behind. Exits with 0 when the check ran, whatever it found: findings are the point.
 */
import {spawn} from 'node:child_process'
import {setTimeout as sleep} from 'node:timers/promises'
import {fileURLToPath} from 'node:url'
import pg from 'pg'
import {loadAhsp} from '../fixtures/ahsp/load.js'
import {startWorkload} from '../fixtures/ahsp/workload.js'
import {type EmbeddedServer, startServer} from '../src/embedded/server.js'

const DATABASE = 'ahsp'
/** Users at work, and the number that the check is asked about. */
const USERS = 60
const TARGET_USERS = 100
const THREADS = 48
const WARM_UP_MS = 8000
/** Exit codes of `check` that mean it did its work: nothing found, something found. */
const CHECKED = [0, 1]

const say = (text: string) => process.stderr.write(`${text}\n`)

async function demo(): Promise<number> {
  say('starting PostgreSQL 18 (embedded, max_connections = 40, otherwise its own defaults) ...')
  const settings = {max_connections: '40', shared_preload_libraries: 'pg_stat_statements'}
  const server = await startServer({settings})
  try {
    return await onServer(server)
  } finally {
    await server.stop()
    say('stopped; nothing is left behind')
  }
}

async function onServer(server: EmbeddedServer): Promise<number> {
  say('loading the AHSP database: 180 projects, 30 000 expired sessions, three missing indexes ...')
  await createDatabase(server)
  const applicationUrl = server.url(DATABASE, 'ahsp')
  await loadAhsp(applicationUrl, {scale: 3, disease: true})

  say(
    `${USERS} users on ${THREADS} application threads, N+1 queries, sessions in the database, one forgotten transaction ...`,
  )
  const workload = await startWorkload(applicationUrl, {
    threads: THREADS,
    users: USERS,
    idleTransaction: true,
    longQuery: true,
    blockedWriter: true,
  })
  await sleep(WARM_UP_MS)
  const {requests, failures, refusals, seconds, latency} = workload.stats()
  const recap = latency.recap ? `; weekly recap P95 ${Math.round(latency.recap.p95)} ms` : ''
  say(
    `after ${Math.round(seconds)} s: ${requests} requests, ${failures} failed (${refusals} "too many clients")${recap}`,
  )

  const url = server.url(DATABASE)
  say(`\n$ ahsp-db check ${url} --users ${TARGET_USERS}\n`)
  const code = await check(url)
  say('')
  await workload.stop()
  return CHECKED.includes(code) ? 0 : code
}

/** The application owns its database and is no superuser: its threads cannot take the reserved connections. */
async function createDatabase(server: EmbeddedServer): Promise<void> {
  for (const [database, statements] of [
    ['postgres', ['CREATE ROLE ahsp LOGIN', `CREATE DATABASE ${DATABASE} OWNER ahsp`]],
    [DATABASE, ['CREATE EXTENSION pg_stat_statements']],
  ] as const) {
    const client = new pg.Client({connectionString: server.url(database)})
    await client.connect()
    for (const statement of statements) await client.query(statement)
    await client.end()
  }
}

function check(url: string): Promise<number> {
  const bin = fileURLToPath(new URL('../bin/run.js', import.meta.url))
  const child = spawn(process.execPath, [bin, 'check', url, '--users', String(TARGET_USERS)], {stdio: 'inherit'})
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', code => resolve(code ?? 1))
  })
}

demo().then(
  code => process.exit(code),
  (error: Error) => {
    say(`demo failed: ${error.message}`)
    process.exit(5)
  },
)
