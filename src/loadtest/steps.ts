import type {ClientPoint, ClientRun, ClientTotals} from './client.js'
import {counterRates, pooledRates} from './rates.js'
import type {ActivitySample, Run} from './record.js'

/** A part of a run in which the number of users stayed the same; seconds since 1970 by the watching machine's clock. */
export type Span = {users: number; from: number; to: number}

/** One step of the ladder: what the clients and the database measured while `users` were at work. */
export type LadderStep = {
  users: number
  seconds: number
  requests: number | null
  failures: number | null
  requestsPerSecond: number | null
  /** percent of the requests */
  success: number | null
  /** milliseconds, of the requests */
  meanMs: number | null
  p50: number | null
  p95: number | null
  p99: number | null
  /** client backends, idle ones too */
  connections: MeanPeak | null
  /** connections in use: active or idle in transaction */
  busy: MeanPeak | null
  active: MeanPeak | null
  /** active without a wait event: on a processor, or waiting for one */
  running: MeanPeak | null
  /** clients that wait in the pools; null: no pool was watched */
  poolWaiting: MeanPeak | null
  /** milliseconds that a transaction waited for a connection; null: no pool was watched */
  waitMs: number | null
  transactionsPerSecond: number | null
  /** milliseconds that a transaction holds its connection, by Little's law: busy / transactions per second */
  holdMs: number | null
  /** seconds of a user outside the database per transaction, by the response time law: N / X - wait - hold */
  thinkSeconds: number | null
  /** relative standard error of the hold time and of the throughput, from batches; null: too few samples */
  errors: {hold: number | null; throughput: number | null}
}

export type MeanPeak = {mean: number; peak: number}

/**
 * The step that a span of a run was. Pure. The times in PgBouncer's counters, then those in pg_stat_database, go before
 * the looks at the sessions, which are coarse. Whatever was not measured is null.
 */
export function stepOf(run: Run, client: ClientRun | null, {users, from, to}: Span): LadderStep {
  const within = <T extends {at: number}>(samples: readonly T[]) => samples.filter(({at}) => at >= from && at <= to)
  const activity = within(run.activity)
  const counted = counterRates(within(run.counters))
  const pooled = pooledRates(within(run.pools))
  const looks = meanPeak(activity.map(busyIn))
  const perSecond = pooled?.perSecond ?? counted?.perSecond ?? null
  const busyMean = pooled?.busy ?? believable(counted?.busy ?? null, looks?.mean ?? null)
  const holdSeconds = perSecond && busyMean !== null ? busyMean / perSecond : null
  const waitMs = pooled?.waitMs ?? null
  const cycle = perSecond ? users / perSecond : null
  return {
    users,
    seconds: to - from,
    ...requestsOf(client, {users, from, to}),
    connections: meanPeak(activity.map(({total}) => total)),
    busy: busyMean === null ? null : {mean: busyMean, peak: Math.max(looks?.peak ?? 0, busyMean)},
    active: meanPeak(activity.map(({active}) => active)),
    running: meanPeak(activity.map(({running}) => running)),
    poolWaiting: pooled && meanPeak(pooled.waiting),
    waitMs,
    transactionsPerSecond: perSecond,
    holdMs: holdSeconds === null ? null : holdSeconds * 1000,
    thinkSeconds: cycle === null || holdSeconds === null ? null : cycle - holdSeconds - (waitMs ?? 0) / 1000,
    errors: {
      hold: relativeError(pooled?.holds ?? activity.map(busyIn)),
      throughput: relativeError(pooled?.rates ?? counted?.rates ?? []),
    },
  }
}

const busyIn = ({active, idleInTransaction}: ActivitySample) => active + idleInTransaction

/** Backends that touch no table report their times late or never; looks are coarse, but miss nobody. */
const LEAST_REPORTED = 0.7

function believable(counted: number | null, seen: number | null): number | null {
  if (counted === null || seen === null) return counted ?? seen
  return counted >= LEAST_REPORTED * seen ? counted : seen
}

type Requests = Pick<
  LadderStep,
  'requests' | 'failures' | 'requestsPerSecond' | 'success' | 'meanMs' | 'p50' | 'p95' | 'p99'
>

function requestsOf(client: ClientRun | null, {from, to}: Span): Requests {
  const points = (client?.points ?? []).filter(({at}) => at > from && at <= to)
  if (!client || (client.points.length > 0 && points.length === 0)) return NO_REQUESTS
  // All of them: then the whole run's own percentiles are exact.
  const isWhole = points.length === client.points.length
  const {
    requests,
    failures,
    requestsPerSecond,
    mean: meanMs,
    p50,
    p95,
    p99,
  } = points.length === 0 ? client.total : withTotals(sumOf(points, client.points), isWhole ? client.total : null)
  const success = failures === null || requests === 0 ? null : (1 - failures / requests) * 100
  return {requests, failures, requestsPerSecond, success, meanMs, p50, p95, p99}
}

const NO_REQUESTS: Requests = {
  requests: null,
  failures: null,
  requestsPerSecond: null,
  success: null,
  meanMs: null,
  p50: null,
  p95: null,
  p99: null,
}

type Sum = Omit<ClientTotals, 'users' | 'max'>

const withTotals = (sum: Sum, total: ClientTotals | null): Sum =>
  total === null ? sum : {...sum, p50: total.p50 ?? sum.p50, p95: total.p95 ?? sum.p95, p99: total.p99 ?? sum.p99}

/** A point covers the time since the one before it, also where that lies before the span. */
function sumOf(points: ClientPoint[], all: ClientPoint[]): Sum {
  const before = all[all.indexOf(points[0]!) - 1]
  const covered = points.at(-1)!.at - (before?.at ?? 2 * points[0]!.at - (points[1]?.at ?? points[0]!.at + 1))
  const requests = points.reduce((sum, point) => sum + point.requests, 0)
  return {
    requests,
    failures: points.reduce((sum, point) => sum + point.failures, 0),
    requestsPerSecond: covered > 0 ? requests / covered : null,
    mean: weighted(points, 'mean'),
    p50: weighted(points, 'p50'),
    p95: weighted(points, 'p95'),
    p99: weighted(points, 'p99'),
  }
}

/** Percentiles of intervals do not add up; their mean, weighted with the requests, is as near as they lead. */
function weighted(points: ClientPoint[], name: 'mean' | 'p50' | 'p95' | 'p99'): number | null {
  const known = points.filter(point => point[name] !== null && point.requests > 0)
  const weight = known.reduce((sum, {requests}) => sum + requests, 0)
  return weight > 0 ? known.reduce((sum, point) => sum + point[name]! * point.requests, 0) / weight : null
}

function meanPeak(values: number[]): MeanPeak | null {
  if (values.length === 0) return null
  return {mean: mean(values), peak: Math.max(...values)}
}

export const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

const LEAST_BATCHES = 4

/** Standard error of the mean, as a share of it; null with fewer than four values. */
export function relativeError(values: readonly number[]): number | null {
  if (values.length < LEAST_BATCHES) return null
  const middle = mean(values)
  if (middle <= 0) return null
  const variance = values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1)
  return Math.sqrt(variance / values.length) / middle
}
