import {spawnSync} from 'node:child_process'
import {closeSync, openSync, readSync, statSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {writeLog} from '../fixtures/log.js'

const LOG_BYTES = 200e6
/** pgbadger would take minutes for all of it: both programs read the same first part for the ratio. */
const RATIO_BYTES = 80e6
const PREFIX = '%m [%p] %u@%d '

type Line = (what: string, measured: string, reach: string, ok: boolean) => void
type Tool = (...args: string[]) => {command: string; args: string[]}

/** `npm run bench -- log`: `ahsp-db nplusone` on a log of 200 MB, on one core, against pgbadger. */
export function logCase(folder: string, tool: Tool, rssMb: (args: string[]) => number, line: Line): void {
  const log = join(folder, 'postgresql.log')
  const megabytes = writeLog(log, LOG_BYTES) / 1e6
  const ours = (file: string) => tool('nplusone', file, '-o', join(folder, 'report.txt'))
  const seconds = cpuSeconds(ours(log))
  const rate = megabytes / seconds
  console.log(`      nplusone: ${megabytes.toFixed(0)} MB of log in ${seconds.toFixed(2)} CPU seconds`)
  line('log: throughput', `${rate.toFixed(0)} MB/s`, '>= 33 MB per CPU second', rate >= 33)
  const rss = rssMb(ours(log).args)
  line('log: peak memory', `${Math.round(rss)} MB`, '<= 200 MB', rss <= 200)
  if (spawnSync('pgbadger', ['--version']).status !== 0) {
    console.log('----  log against pgbadger: skipped, pgbadger is not installed')
    return
  }
  const part = join(folder, 'part.log')
  copyStart(log, part, RATIO_BYTES)
  const theirs = cpuSeconds({
    command: 'pgbadger',
    args: ['-q', '-j', '1', '-f', 'stderr', '--prefix', PREFIX, '-o', join(folder, 'pgbadger.html'), part],
  })
  const same = cpuSeconds(ours(part))
  const size = statSync(part).size / 1e6
  console.log(
    `      the first ${size.toFixed(0)} MB: nplusone ${same.toFixed(2)}, pgbadger ${theirs.toFixed(1)} CPU seconds`,
  )
  const ratio = theirs / same
  line('log: pgbadger / nplusone, same bytes', `${ratio.toFixed(0)} x`, '>= 30 x', ratio >= 30)
}

/** User and system time of a program on one core, as the shell counts its children. */
function cpuSeconds({command, args}: {command: string; args: string[]}): number {
  const pinned = spawnSync('taskset', ['-c', '0', 'true']).status === 0 ? ['taskset', '-c', '0'] : []
  const script = '"$@" >/dev/null 2>&1; times'
  const [program, ...rest] = [...pinned, 'bash', '-c', script, 'bash', command, ...args]
  const {stdout} = spawnSync(program!, rest, {encoding: 'utf8'})
  const children = stdout.trim().split('\n').at(-1)!
  return [...children.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, min, sec]) => sum + Number(min) * 60 + Number(sec),
    0,
  )
}

/** The first whole lines. */
function copyStart(from: string, to: string, bytes: number): void {
  const handle = openSync(from, 'r')
  const buffer = Buffer.alloc(bytes)
  readSync(handle, buffer, 0, bytes, 0)
  closeSync(handle)
  writeFileSync(to, buffer.subarray(0, buffer.lastIndexOf(10) + 1))
}
