import type {Confidence} from '../rule.js'
import type {Checkpoints, Database, Section, Server, Window} from '../snapshot.js'
import {seconds} from '../units.js'
import {statisticsWindow} from './window.js'

type Counter = 'commits' | 'rollbacks' | 'deadlocks'

/** A database's counters over a known time. */
export type Counted = Record<Counter, number> & {
  seconds: number
  /** server's clock */
  since: number
  source: string
  confidence: Confidence
}

/** Since the statistics began. Never reset: they cover at least the time given, so that a rate is an upper bound. */
export function countedSoFar(
  {commits, rollbacks, deadlocks, statsReset}: Database,
  server: Server,
  checkpoints: Section<Checkpoints>,
): Counted {
  const window = statisticsWindow({statsReset}, server, checkpoints)
  const [length, source] = [window.seconds, `pg_stat_database, ${seconds(window.seconds)} since ${window.source}`]
  const confidence = window.isExact ? 'measured' : 'estimated'
  return {commits, rollbacks, deadlocks, seconds: length, since: window.since, source, confidence}
}

/** Between the two readings of --window; null: there was one reading, or a reset in between. */
export function countedWhileWatching(database: Database, window: Window | null | undefined): Counted | null {
  const before = window?.before.databases.find(({name}) => name === database.name)
  if (!window || !before || window.seconds <= 0) return null
  const grown = (name: Counter) => database[name] - before[name]
  const [commits, rollbacks, deadlocks] = [grown('commits'), grown('rollbacks'), grown('deadlocks')]
  if (Math.min(commits, rollbacks, deadlocks) < 0) return null
  const source = `pg_stat_database, watched for ${seconds(window.seconds)}`
  return {
    commits,
    rollbacks,
    deadlocks,
    seconds: window.seconds,
    since: window.before.at,
    source,
    confidence: 'measured',
  }
}
