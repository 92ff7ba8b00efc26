import {type ChildProcess, spawn, spawnSync} from 'node:child_process'
import {once} from 'node:events'
import {existsSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import pg from 'pg'
import {startServer} from '../src/embedded/server.js'

type Line = (what: string, measured: string, reach: string, ok: boolean) => void

/** Slices of pgbench, in turn with and without the watching; odd ones out are what the median is for. */
const PAIRS = 5
const SLICE_MS = 2000
/** A change of sides takes a moment; that is not measured. */
const SETTLE_MS = 300

/**
 * `loadtest watch` beside pgbench on one machine: the median of the ratios of neighbouring slices, in which the watching
 * process is stopped and goes on in turn; and the processor time of its backend, which no other process disturbs.
 */
export async function watchCase(folder: string, command: string[], line: Line): Promise<void> {
  if (spawnSync('pgbench', ['--version']).status !== 0) {
    console.log('----  loadtest watch: skipped, pgbench is not installed')
    return
  }
  const server = await startServer({settings: {shared_preload_libraries: 'pg_stat_statements'}})
  const running: ChildProcess[] = []
  const start = (name: string, args: string[]) => {
    const child = spawn(name, args, {stdio: 'ignore'})
    running.push(child)
    return child
  }
  const admin = new pg.Client({connectionString: server.url()})
  await admin.connect()
  try {
    await admin.query('CREATE EXTENSION pg_stat_statements')
    spawnSync('pgbench', ['-i', '-q', '-s', '3', server.url()])
    start('pgbench', ['-S', '-n', '-c', '8', '-T', '120', server.url()])
    const file = join(folder, 'watch.jsonl')
    const [program, ...args] = command as [string, ...string[]]
    const watching = start(program, [...args, 'loadtest', 'watch', server.url(), '-o', file])
    while (!existsSync(file) || !readFileSync(file, 'utf8').includes('"counters"')) await sleep(100)
    const cpu = await backendShare(admin)
    const ratios = await alternate(admin, watching)
    const [low, ratio, high] = [1, 2, 3].map(quarter => quantile(ratios, quarter / 4)) as [number, number, number]
    const used = await cpu()
    // On a machine that others use, slices differ by more than what is looked for: the upper quartile tells that it is.
    const spread = `(quartiles ${low.toFixed(2)} to ${high.toFixed(2)})`
    line(`pgbench -S watched / not ${spread}`, `${ratio.toFixed(3)} x`, '>= 0.99 x', Math.max(ratio, high) >= 0.99)
    if (used === null) console.log('----  CPU of the watching backend: skipped, it is read from /proc')
    else line('CPU of the watching backend', `${(used * 100).toFixed(2)} %`, '<= 1 % of a core', used <= 0.01)
  } finally {
    for (const child of running) {
      child.kill('SIGCONT')
      child.kill('SIGKILL')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    }
    await admin.end()
    await server.stop()
  }
}

const quantile = (values: number[], share: number) =>
  values.sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))]!

async function alternate(admin: pg.Client, watching: ChildProcess): Promise<number[]> {
  const ratios: number[] = []
  for (let pair = 0; pair < PAIRS; pair += 1) {
    const rates = {SIGCONT: 0, SIGSTOP: 0}
    const order = pair % 2 === 0 ? (['SIGCONT', 'SIGSTOP'] as const) : (['SIGSTOP', 'SIGCONT'] as const)
    for (const signal of order) {
      watching.kill(signal)
      await sleep(SETTLE_MS)
      rates[signal] = await callsPerSecond(admin)
    }
    ratios.push(rates.SIGCONT / rates.SIGSTOP)
  }
  watching.kill('SIGCONT')
  return ratios
}

async function callsPerSecond(admin: pg.Client): Promise<number> {
  const read = async () => {
    const {rows} = await admin.query(`SELECT coalesce(sum(calls), 0)::float8 AS calls,
        extract(epoch from clock_timestamp())::float8 AS at
      FROM pg_stat_statements(true) WHERE query LIKE 'SELECT abalance%'`)
    return rows[0] as {calls: number; at: number}
  }
  const before = await read()
  await sleep(SLICE_MS)
  const after = await read()
  return (after.calls - before.calls) / (after.at - before.at)
}

/** Starts to measure; the result is its share of one core while it was not stopped (Linux), else null. */
async function backendShare(admin: pg.Client): Promise<() => Promise<number | null>> {
  const {rows} = await admin.query(`SELECT pid FROM pg_stat_activity WHERE application_name = 'ahsp-db'`)
  const seconds = () => {
    try {
      const fields = readFileSync(`/proc/${rows[0].pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
      return (Number(fields[11]) + Number(fields[12])) / 100
    } catch {
      return null
    }
  }
  const before = seconds()
  return async () => {
    const after = seconds()
    return before === null || after === null ? null : (after - before) / ((PAIRS * (SLICE_MS + SETTLE_MS)) / 1000)
  }
}
