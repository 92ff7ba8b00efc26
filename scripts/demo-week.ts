/**
 * `npm run demo:week`: seven days of an application on a real PostgreSQL 18 whose clock is moved (Debian's libfaketime),
 * checked and remembered each day; on the fifth a deployment drops an index. Writes the page of each day from then on to
 * the folder that is named (default: a temporary one), with the history beside it.
 */
import {spawn} from 'node:child_process'
import {mkdtempSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join, resolve} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {fileURLToPath} from 'node:url'
import pg from 'pg'
import {loadAhsp} from '../fixtures/ahsp/load.js'
import {startWorkload} from '../fixtures/ahsp/workload.js'
import {hasMovingClock, movingClock} from '../fixtures/moving-clock.js'
import {embeddedAvailable, startServer} from '../src/embedded/server.js'

const DAYS = 7
const SICK_DAY = 5
/** The indexes of the work items' foreign key to their project: each recap reads the whole table without them. */
const DEPLOYMENT = ['DROP INDEX detail_pekerjaan_project_order_idx', 'DROP INDEX detail_pekerjaan_project_sub_idx']
const LOAD_MS = 4000
const DATABASE = 'ahsp'
const ROLE = 'ahsp'

const say = (text: string) => process.stderr.write(`${text}\n`)

async function sql(url: string, statements: string[]): Promise<void> {
  const client = new pg.Client({connectionString: url})
  await client.connect()
  for (const statement of statements) await client.query(statement)
  await client.end()
}

async function week(folder: string): Promise<void> {
  const embedded = embeddedAvailable()
  if (!embedded.ok) throw new Error(embedded.reason)
  const clock = movingClock(embedded.binDir)
  const settings = {shared_preload_libraries: 'pg_stat_statements', track_io_timing: 'on'}
  const server = await startServer({binDir: clock.binDir, settings})
  try {
    await sql(server.url(), [`CREATE ROLE ${ROLE} LOGIN`, `CREATE DATABASE ${DATABASE} OWNER ${ROLE}`])
    await sql(server.url(DATABASE), ['CREATE EXTENSION pg_stat_statements'])
    await loadAhsp(server.url(DATABASE, ROLE), {scale: 2})
    for (let day = 1; day <= DAYS; day += 1) {
      clock.setDays(day - 1)
      if (day === SICK_DAY) await sql(server.url(DATABASE), DEPLOYMENT)
      await oneDay(day, folder, server.url(DATABASE), server.url(DATABASE, ROLE))
    }
  } finally {
    await server.stop()
    clock.remove()
  }
}

async function oneDay(day: number, folder: string, url: string, applicationUrl: string): Promise<void> {
  const load = await startWorkload(applicationUrl, {threads: 6, users: 12, mode: 'eager', sessionsInDatabase: false})
  await sleep(LOAD_MS)
  const page = join(folder, `day-${day}.html`)
  const words = ['report', url, '--users', '40', '--save', '--history', join(folder, 'history'), '-o', page]
  const code = await run(words)
  await load.stop()
  say(`day ${day}: exit ${code}, ${page}`)
}

function run(words: string[]): Promise<number> {
  const bin = fileURLToPath(new URL('../bin/run.js', import.meta.url))
  const child = spawn(process.execPath, [bin, ...words], {stdio: 'inherit'})
  return new Promise((done, fail) => {
    child.once('error', fail)
    child.once('exit', code => done(code ?? 1))
  })
}

if (!hasMovingClock) {
  say('libfaketime is not installed (Debian: apt-get install libfaketime)')
  process.exit(2)
}
await week(process.argv[2] ? resolve(process.argv[2]) : mkdtempSync(join(tmpdir(), 'ahsp-db-week-')))
