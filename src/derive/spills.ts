import type {Database, Window} from '../snapshot.js'
import {seconds as duration} from '../units.js'
import type {Workload} from './statements.js'
import type {StatisticsWindow} from './window.js'

export type TempRate = {bytes: number; files: number; seconds: number; perSecond: number; source: string}

/** Temporary files per second: between two readings when there are two, else over the statistics' window. */
export function tempRate(
  database: Database,
  statistics: StatisticsWindow,
  window: Window | null | undefined,
  {minWindow, limit}: {minWindow: number; limit: number},
): TempRate | {unknown: string} {
  const before = window?.before.databases.find(({name}) => name === database.name)
  if (window && before && before.tempBytes <= database.tempBytes) {
    return rate(
      database.tempBytes - before.tempBytes,
      database.tempFiles - before.tempFiles,
      window.seconds,
      'watched for',
    )
  }
  const whole = rate(database.tempBytes, database.tempFiles, statistics.seconds, 'in the last')
  if (statistics.seconds < minWindow) return {unknown: `the counters cover ${duration(statistics.seconds)}`}
  // Never reset: the true window is longer, so the rate is an upper bound, which can acquit but not accuse.
  if (!statistics.isExact && whole.perSecond >= limit) return {unknown: 'the counters were never reset'}
  return whole
}

const rate = (bytes: number, files: number, seconds: number, span: string): TempRate => ({
  bytes,
  files,
  seconds,
  perSecond: seconds > 0 ? bytes / seconds : 0,
  source: `pg_stat_database, ${span} ${duration(seconds)}`,
})

export type Spill = {text: string; queryid: string; calls: number; bytesPerCall: number; bytes: number}

/** These sort within maintenance_work_mem: work_mem changes nothing for them. */
const MAINTENANCE = /^\s*(?:CREATE\s+(?:UNIQUE\s+)?INDEX|REINDEX|CLUSTER|VACUUM|ALTER\s+TABLE)\b/i

/** The statements that write most temporary blocks, most first. */
export function spillingStatements(workload: readonly Workload[], blockSize: number, most: number): Spill[] {
  return workload
    .filter(({tempWritten, calls, text}) => tempWritten > 0 && calls > 0 && !MAINTENANCE.test(text))
    .map(({text, queryid, calls, tempWritten}) => ({
      text: text.replace(/\s+/g, ' ').trim(),
      queryid: queryid!,
      calls,
      bytes: tempWritten * blockSize,
      bytesPerCall: (tempWritten * blockSize) / calls,
    }))
    .sort((a, b) => b.bytes - a.bytes || a.queryid.localeCompare(b.queryid))
    .slice(0, most)
}
