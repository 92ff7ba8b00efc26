import {poolerRates} from '../derive/pooler.js'
import type {Pooler, Snapshot} from '../snapshot.js'
import {seconds} from '../units.js'
import type {Load} from './types.js'

/** Backends report their times at the end of a transaction, at most once a second: a shorter window misses much. */
const COUNTERS_FROM_SECONDS = 10
const MIN_LOOKS = 3

/**
 * L = busy connections on average, active and idle in transaction apart: from the times in pg_stat_database (14+) over
 * a window of 10 s or more, otherwise from the looks at pg_stat_activity during it. Null: nothing was watched.
 */
export function serverLoad({sections, window}: Snapshot): Load | null {
  const [counted, seen] = [fromCounters(sections, window), fromLooks(sections, window)]
  if (!counted || !seen) return counted ?? seen
  // Backends that touch no table report late or never; looks are coarse, but miss nobody.
  return counted.busy >= LEAST_REPORTED * seen.busy ? counted : seen
}

const LEAST_REPORTED = 0.7

function fromCounters(sections: Snapshot['sections'], window: Snapshot['window']): Load | null {
  const {databases} = sections
  if (!window || window.seconds < COUNTERS_FROM_SECONDS || !databases.ok) return null
  let active = 0
  let idleInTransaction = 0
  for (const now of databases.data) {
    const before = window.before.databases.find(({name}) => name === now.name)
    if (now.activeTimeMs === null || now.idleInTransactionTimeMs === null) return null
    active += now.activeTimeMs - (before?.activeTimeMs ?? 0)
    idleInTransaction += now.idleInTransactionTimeMs - (before?.idleInTransactionTimeMs ?? 0)
  }
  if (active < 0 || idleInTransaction < 0) return null
  const mean = (ms: number) => ms / 1000 / window.seconds
  return {
    active: mean(active),
    idleInTransaction: mean(idleInTransaction),
    busy: mean(active + idleInTransaction),
    seconds: window.seconds,
    source: `active_time and idle_in_transaction_time of pg_stat_database over ${seconds(window.seconds)}`,
    perSecond: null,
  }
}

function fromLooks(sections: Snapshot['sections'], window: Snapshot['window']): Load | null {
  const samples = sections.activity.ok ? sections.activity.data.samples : []
  if (!window || samples.length < MIN_LOOKS) return null
  const mean = (of: (sample: (typeof samples)[number]) => number) =>
    samples.reduce((sum, sample) => sum + of(sample), 0) / samples.length
  const active = mean(sample => sample.active)
  const idleInTransaction = mean(sample => sample.idleInTransaction)
  return {
    active,
    idleInTransaction,
    busy: active + idleInTransaction,
    seconds: window.seconds,
    source: `${samples.length} looks at pg_stat_activity in ${seconds(window.seconds)}`,
    perSecond: null,
  }
}

/** Server connections that each database of the poolers keeps busy; empty when nothing went through them. */
export function pooledLoad(poolers: readonly Pooler[]): {database: string; busy: number; perSecond: number}[] {
  const byDatabase = new Map<string, {database: string; busy: number; perSecond: number}>()
  for (const rate of poolers.flatMap(poolerRates)) {
    const known = byDatabase.get(rate.database) ?? {database: rate.database, busy: 0, perSecond: 0}
    known.busy += rate.busy
    known.perSecond += rate.perSecond
    byDatabase.set(rate.database, known)
  }
  return [...byDatabase.values()].filter(({perSecond}) => perSecond > 0)
}

/** What the arithmetic of doubles may add to a whole number. */
const ROUNDING = 1e-9

/**
 * pool = ceil(L + 2 sqrt(L)): the mean and two standard deviations of a Poisson number of busy connections (square-root
 * staffing), so that waiting stays rare.
 */
export const poolFor = (busy: number): number => Math.max(0, Math.ceil(busy + 2 * Math.sqrt(busy) - ROUNDING))

/**
 * With fewer than one standard deviation above the mean waiting is common: there the link breaks. Sizes get two, so that
 * a load that was measured again, and came out a little higher, does not turn what was just printed into a finding.
 */
export const leastPoolFor = (busy: number): number => Math.max(0, Math.ceil(busy + Math.sqrt(busy) - ROUNDING))

/** The largest mean number of busy connections that a pool of this size carries: the inverse of leastPoolFor. */
export const busyFor = (pool: number): number => ((Math.sqrt(1 + 4 * Math.max(0, pool)) - 1) / 2) ** 2

/**
 * Mean wait for a server connection in milliseconds, by Erlang C (M/M/c): `busy` servers in use on average of `pool`,
 * each held for `holdMs`. Infinity when they cannot keep up.
 */
export function expectedWaitMs(busy: number, pool: number, holdMs: number): number {
  if (busy <= 0) return 0
  if (busy >= pool) return Infinity
  // Erlang B by its recurrence, which neither overflows nor underflows.
  let blocking = 1
  for (let servers = 1; servers <= pool; servers++) blocking = (busy * blocking) / (servers + busy * blocking)
  const waiting = blocking / (1 - (busy / pool) * (1 - blocking))
  return (waiting * holdMs) / (pool - busy)
}
