/**
 * `npm run demo`: the neglected AHSP application on a real PostgreSQL 18, under load, `ahsp-db check` on it, and
 * `ahsp-db indexes` for the index that it lacks. Where the program pgbouncer is installed there is a pooler as well, and
 * the application connects past it.
 * Nothing stays behind. Exits with 0 when the check ran, whatever it found: findings are the point.
 */
import {spawn} from 'node:child_process'
import {setTimeout as sleep} from 'node:timers/promises'
import {fileURLToPath} from 'node:url'
import pg from 'pg'
import {loadAhsp} from '../fixtures/ahsp/load.js'
import {startWorkload} from '../fixtures/ahsp/workload.js'
import {HEALTHY_POOLER} from '../fixtures/lab.js'
import {hasPgbouncer, PASSWORD, type Pgbouncer, STATS, startPgbouncer} from '../fixtures/pgbouncer.js'
import {type EmbeddedServer, startServer} from '../src/embedded/server.js'

const DATABASE = 'ahsp'
const ROLE = 'ahsp'
/** Users at work, and the number that the check is asked about. */
const USERS = 60
const TARGET_USERS = 100
const THREADS = 48
const WARM_UP_MS = 7000
/** Together with the reserve they fit into the server: nothing is wrong with the pooler but that nobody uses it. */
const POOLS = {...HEALTHY_POOLER, default_pool_size: '20', min_pool_size: '10'}
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
  const applicationUrl = server.url(DATABASE, ROLE)
  await loadAhsp(applicationUrl, {scale: 3, disease: true})

  const pooler = await pgbouncerBefore(server)
  try {
    return await underLoad(server, applicationUrl, pooler)
  } finally {
    await pooler?.stop()
  }
}

/** Null, and said why, when the program is not there. */
async function pgbouncerBefore(server: EmbeddedServer): Promise<Pgbouncer | null> {
  if (!hasPgbouncer) {
    say(
      'the program pgbouncer is not installed: the check will see the server alone, and nobody connects past a pooler',
    )
    return null
  }
  say('starting PgBouncer before it (transaction mode, 20 + 5 connections): PGBOUNCER_HOST was never set ...')
  return startPgbouncer({server, databases: [DATABASE], logins: [ROLE], settings: POOLS})
}

async function underLoad(server: EmbeddedServer, applicationUrl: string, pooler: Pgbouncer | null): Promise<number> {
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
  const console = pooler ? ['--pgbouncer', `host=127.0.0.1 port=${pooler.port} user=${STATS}`] : []
  const code = await run('check', [url, '--users', `${TARGET_USERS}`, ...console])
  say("\nand what is behind all of it, with the application's own lines: the loops, and who comes past the pooler")
  const causes = pooler ? 'queries/n-plus-one,pooler/bypass' : 'queries/n-plus-one'
  await run('check', [url, '--only', causes, '--window', '1s', '--full', ...console])
  await workload.stop()
  say('\nthe load has ended; which index did it lack? Planned on a private server, with the cost before and after')
  await run('indexes', [url])
  say('')
  return CHECKED.includes(code) ? 0 : code
}

/** The application owns its database and is no superuser: its threads cannot take the reserved connections. */
async function createDatabase(server: EmbeddedServer): Promise<void> {
  for (const [database, statements] of [
    ['postgres', [`CREATE ROLE ${ROLE} LOGIN`, `CREATE DATABASE ${DATABASE} OWNER ${ROLE}`]],
    [DATABASE, ['CREATE EXTENSION pg_stat_statements']],
  ] as const) {
    const client = new pg.Client({connectionString: server.url(database)})
    await client.connect()
    for (const statement of statements) await client.query(statement)
    await client.end()
  }
}

/** Runs it as a person would, and says how. */
function run(command: string, words: string[]): Promise<number> {
  say(`\n$ ${[`ahsp-db ${command}`, ...words.map(word => (word.includes(' ') ? `'${word}'` : word))].join(' ')}\n`)
  const bin = fileURLToPath(new URL('../bin/run.js', import.meta.url))
  const env = {...process.env, PGPASSWORD: PASSWORD}
  const child = spawn(process.execPath, [bin, command, ...words], {stdio: 'inherit', env})
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
