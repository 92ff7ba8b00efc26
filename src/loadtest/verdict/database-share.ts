import type {ClientRun} from '../client.js'
import type {ActivitySample, PoolSample} from '../record.js'
import type {LadderStep} from '../steps.js'

/** How much of the requests' time was the database's: by Little's law, sessions over requests under way. */
export type DatabaseShare = {
  /** percent of the latency: active sessions, and clients waiting in a pool */
  percent: number
  /** percent of the latency in which a transaction was open and idle */
  idleInTransactionPercent: number
  /** milliseconds per request */
  databaseMs: number
  latencyMs: number
  latencySource: string
}

export type RequestRate = {perSecond: number; latencyMs: number; source: string}

/** Mean latency is what Little's law wants; the median is all that some formats have. */
export function rateOf(step: LadderStep, client: ClientRun | null): RequestRate | null {
  if (!client || !step.requestsPerSecond) return null
  const known: [number | null, string][] = [
    [step.meanMs, 'mean latency'],
    [client.total.mean, 'mean latency of the whole run'],
    [step.p50, 'median latency'],
  ]
  const [latencyMs, source] = known.find(([value]) => value !== null && value > 0) ?? [null, '']
  return latencyMs === null ? null : {perSecond: step.requestsPerSecond, latencyMs, source}
}

/** Null: no requests, no latency, or nobody looked at the sessions meanwhile. */
export function shareOf(
  activity: readonly ActivitySample[],
  pools: readonly PoolSample[],
  rate: RequestRate | null,
): DatabaseShare | null {
  if (!rate || activity.length === 0) return null
  const looks = activity.length
  const active = activity.reduce((sum, sample) => sum + sample.active, 0) / looks
  const idle = activity.reduce((sum, sample) => sum + sample.idleInTransaction, 0) / looks
  const consoles = new Set(pools.map(({console}) => console)).size
  const waiting = pools.reduce((sum, sample) => sum + waitingIn(sample), 0) / Math.max(1, pools.length / consoles)
  const underWay = (rate.perSecond * rate.latencyMs) / 1000
  const databaseMs = ((active + (consoles > 0 ? waiting : 0)) / rate.perSecond) * 1000
  return {
    percent: Math.min(100, (databaseMs / rate.latencyMs) * 100),
    idleInTransactionPercent: Math.min(100, (idle / underWay) * 100),
    databaseMs,
    latencyMs: rate.latencyMs,
    latencySource: rate.source,
  }
}

export const waitingIn = ({pools}: PoolSample): number => pools.reduce((sum, pool) => sum + pool.clientsWaiting, 0)
