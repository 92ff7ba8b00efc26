/**
 * `npm run bench`: what the tool costs, as ratios within one run (machines are noisy): start-up and a whole check
 * against the floor (`node -e 0`) and against psql running the same SQL; then 20 000 tables and 5 000 statements; then a
 * log of 200 MB; then a load that is watched. `npm run bench -- demo`, `-- scale`, `-- log` or `-- watch` runs one part.
 */
import {spawnSync} from 'node:child_process'
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {loadAhsp} from '../fixtures/ahsp/load.js'
import {buildScale, SCALE} from '../fixtures/scale.js'
import {collect} from '../src/collect/collect.js'
import {resolveConninfo} from '../src/connect/conninfo.js'
import {connect} from '../src/connect/postgres.js'
import {type EmbeddedServer, startServer} from '../src/embedded/server.js'
import {logCase} from './bench-log.js'
import {watchCase} from './bench-watch.js'

const BIN = fileURLToPath(new URL('../bin/run.js', import.meta.url))
const ROUNDS = 9
const PRELOAD = {shared_preload_libraries: 'pg_stat_statements'}

/** Reports the peak memory of the process it is loaded into on its file descriptor 3. */
const REPORT_RSS = `data:text/javascript,${encodeURIComponent(
  "import {writeSync} from 'node:fs'; process.on('exit', () => writeSync(3, String(process.resourceUsage().maxRSS)))",
)}`

type Run = {seconds: number; rssMb: number; status: number | null}

function time(command: string, args: string[]): Run {
  const start = performance.now()
  const {status, output} = spawnSync(command, args, {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  })
  return {seconds: (performance.now() - start) / 1000, rssMb: Number(output?.[3] ?? 0) / 1024, status}
}

const tool = (...args: string[]) => time(process.execPath, ['--import', REPORT_RSS, BIN, ...args])

const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!

/** The commands in turn, round after round, so that a slow moment of the machine hits all of them. */
function inTurn<K extends string>(commands: Record<K, () => Run>): Record<K, number> {
  const names = Object.keys(commands) as K[]
  const seconds = Object.fromEntries(names.map(name => [name, [] as number[]])) as Record<K, number[]>
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const name of names) {
      const run = commands[name]()
      if (round > 0) seconds[name].push(run.seconds)
    }
  }
  return Object.fromEntries(names.map(name => [name, median(seconds[name])])) as Record<K, number>
}

function line(what: string, measured: string, reach: string, ok: boolean): void {
  console.log(`${ok ? 'ok  ' : 'MISS'}  ${what.padEnd(46)} ${measured.padStart(10)}   reach: ${reach}`)
  if (!ok) process.exitCode = 1
}

/** Exactly the messages that a check sends. */
async function collectorSql(url: string): Promise<string> {
  const connection = await connect(await resolveConninfo(url, {}))
  const messages: string[] = []
  const recording = {
    ...connection,
    run: (sql: string, options: {deadlineMs: number}) => {
      messages.push(`${sql};`)
      return connection.run(sql, options)
    },
  }
  await collect(recording, {windowSeconds: 0, deadlineMs: 60_000, reconnect: () => Promise.reject(new Error('lost'))})
  return messages.join('\n')
}

/** CPU seconds of the server's ended backends (Linux): user and system time of the postmaster's waited-for children. */
function backendCpu(server: EmbeddedServer): number | null {
  try {
    const pid = readFileSync(join(server.dataDir, 'postmaster.pid'), 'utf8').split('\n')[0]
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
    return (Number(fields[13]) + Number(fields[14])) / 100
  } catch {
    return null
  }
}

async function demoDatabase(folder: string): Promise<void> {
  const server = await startServer({settings: PRELOAD})
  try {
    const url = server.url()
    await loadAhsp(url, {scale: 1, disease: true})
    spawnSync(process.execPath, [BIN, 'check', url])
    const sqlFile = join(folder, 'collectors.sql')
    writeFileSync(sqlFile, await collectorSql(url))
    const psql = time('psql', ['--version']).status === 0
    const seconds = inTurn({
      floor: () => time(process.execPath, ['-e', '0']),
      version: () => tool('--version'),
      help: () => tool('--help'),
      check: () => tool('check', url, '--users', '100'),
      psql: () => time('psql', ['-X', '-q', '-o', '/dev/null', '-f', sqlFile, url]),
    })
    const ms = (value: number) => `${Math.round(value * 1000)} ms`
    console.log(`      node -e 0 ${ms(seconds.floor)}; --help ${ms(seconds.help)}; check ${ms(seconds.check)}`)
    const ratio = seconds.version / seconds.floor
    line('--version / floor', `${ratio.toFixed(2)} x`, '<= 2.5 x', ratio <= 2.5)
    const over = seconds.check - seconds.floor - seconds.psql
    if (psql) line(`check - floor - psql (${ms(seconds.psql)})`, ms(over), '<= 400 ms', over <= 0.4)
    else console.log('----  check against psql: skipped, psql is not installed')
    const before = backendCpu(server)
    for (let i = 0; i < 5; i += 1) tool('check', url, '--users', '100')
    const cpu = before === null ? null : (backendCpu(server)! - before) / 5
    if (cpu === null) console.log('----  backend CPU: skipped, it is read from /proc')
    else line('backend CPU of one check', ms(cpu), '<= 250 ms', cpu <= 0.25)
  } finally {
    await server.stop()
  }
}

async function scaleCase(): Promise<void> {
  const {tables, indexes, statements} = SCALE
  console.log(`\nbuilding ${tables} tables, ${indexes} indexes, ${statements} statements ...`)
  const server = await startServer({settings: {...PRELOAD, fsync: 'off', max_locks_per_transaction: '1024'}})
  try {
    await buildScale(server.url())
    const runs = [0, 1, 2, 3].map(() => tool('check', server.url(), '--users', '100')).slice(1)
    if (runs.some(run => run.status !== 0 && run.status !== 1)) throw new Error('the check of the scale case failed')
    const seconds = median(runs.map(run => run.seconds))
    const rss = Math.max(...runs.map(run => run.rssMb))
    line('scale case: check', `${seconds.toFixed(2)} s`, '<= 6 s', seconds <= 6)
    line('scale case: peak memory', `${Math.round(rss)} MB`, '<= 250 MB', rss <= 250)
  } finally {
    await server.stop()
  }
}

const [part] = process.argv.slice(2)
const folder = mkdtempSync(join(tmpdir(), 'ahsp-db-bench-'))
try {
  if (part === undefined || part === 'demo') await demoDatabase(folder)
  if (part === undefined || part === 'scale') await scaleCase()
  if (part === undefined || part === 'log') {
    const command = (...args: string[]) => ({command: process.execPath, args: [BIN, ...args]})
    logCase(folder, command, args => tool(...args.slice(1)).rssMb, line)
  }
  if (part === undefined || part === 'watch') await watchCase(folder, [process.execPath, BIN], line)
} finally {
  rmSync(folder, {recursive: true, force: true})
}
