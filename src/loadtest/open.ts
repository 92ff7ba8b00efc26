import {expectedWaitMs, poolFor} from '../capacity/load.js'

/** What arrives, whoever sends it: transactions per second, and what each needs, in seconds. */
export type Arrivals = {
  perSecond: number
  cpuSeconds: number
  otherSeconds: number
  pool: number | null
  cores: number | null
}

/**
 * Where requests come at a rate instead of from waiting users: busy connections by Little's law, waiting by Erlang C.
 * Arrivals that cannot be kept up with wait as long as PgBouncer lets them.
 */
export function openOutcome({perSecond, cpuSeconds, otherSeconds, pool, cores}: Arrivals) {
  const queued = cores === null ? 0 : bounded(expectedWaitMs(perSecond * cpuSeconds, cores, cpuSeconds * 1000) / 1000)
  const holdSeconds = cpuSeconds + otherSeconds + queued
  const most = pool ?? Infinity
  const offered = perSecond * holdSeconds
  const waitSeconds = pool === null ? 0 : bounded(expectedWaitMs(offered, pool, holdSeconds * 1000) / 1000)
  return {
    transactionsPerSecond: Math.min(perSecond, most / holdSeconds),
    busy: Math.min(offered, most),
    busyPeak: Math.min(poolFor(Math.min(offered, most)), most),
    running: cpuSeconds === 0 ? 0 : perSecond * (cpuSeconds + queued),
    waitSeconds,
    waitP95: pool === null ? 0 : bounded(waitP95(offered, pool, holdSeconds, waitSeconds)),
    holdSeconds,
  }
}

/** query_wait_timeout of PgBouncer, as it comes: later there is an error. */
const LONGEST_WAIT_SECONDS = 120

const bounded = (seconds: number) => Math.min(LONGEST_WAIT_SECONDS, seconds)

/** Who has to wait at all (with probability C = mean (c - a) / S) waits for an exponential time of mean S / (c - a). */
function waitP95(offered: number, pool: number, holdSeconds: number, meanWait: number): number {
  if (offered >= pool) return Infinity
  const each = holdSeconds / (pool - offered)
  return Math.max(0, each * Math.log(meanWait / each / 0.05))
}
