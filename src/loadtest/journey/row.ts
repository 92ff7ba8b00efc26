import type {ClientPoint, ClientRun} from '../client.js'
import {counterRates} from '../rates.js'
import type {CounterSample, Run} from '../record.js'
import type {LadderStep} from '../steps.js'
import {type Facts, factsOf, isServers} from '../verdict/facts.js'
import {failuresOf} from '../verdict/failures.js'
import {type Parts, partsOf} from '../verdict/parts.js'
import {batchMetric, successMetric} from './noise.js'
import type {DatabaseRow, JourneyRow, Metric} from './types.js'

/** A run to compare: its name, what was watched, and what the load generator measured meanwhile. */
export type Compared = {name: string; run: Run; client: ClientRun | null}

/** Numbers of users with a plateau of their own in the run; what was told where there is none. */
export function userCounts({run, client}: Compared): number[] {
  const {plateaus, users} = partsOf(run, client, null)
  return [...new Set([...plateaus.map(plateau => plateau.users), users])].filter(count => count !== null)
}

/** What was measured at these users (null: at the most, or as told). Throws USAGE when run and client never overlap. */
export function rowOf(compared: Compared, users: number | null): JourneyRow {
  const {name, client} = compared
  const {parts, facts} = factsAt(compared, users)
  const {step} = facts
  const points = pointsIn(client, parts)
  return {
    name,
    from: parts.steady.from,
    seconds: parts.steady.to - parts.steady.from,
    users: parts.users,
    requests: step.requests,
    success: step.requests && step.failures !== null ? successMetric(step.requests, step.failures, points) : null,
    requestsPerSecond: step.requestsPerSecond === null ? null : batchMetric(step.requestsPerSecond, points, rateOf),
    p50: step.p50,
    p95: step.p95 === null ? null : batchMetric(step.p95, points, p95Of),
    p99: step.p99,
    failures: causesOf(facts),
    database: databaseOf(facts),
    warnings: parts.warnings,
  }
}

/** The steps of these runs, fewest users first; of several with the same users the last one counts. Pure. */
export function stepsOfRuns(runs: readonly Compared[]): LadderStep[] {
  const steps = new Map<number, LadderStep>()
  for (const run of runs) {
    for (const count of userCounts(run)) steps.set(count, factsAt(run, count).facts.step)
  }
  return [...steps.values()].filter(step => step.users > 0).sort((a, b) => a.users - b.users)
}

export function factsAt({run, client}: Compared, users: number | null): {parts: Parts; facts: Facts} {
  const parts = partsOf(run, client, users)
  return {parts, facts: factsOf({run, client, cores: run.start.cpus, report: null, ...parts})}
}

const pointsIn = (client: ClientRun | null, {steady}: Parts): ClientPoint[] =>
  client?.points.filter(({at}) => at > steady.from && at <= steady.to) ?? []

/** The first point of a batch covers the time since the one before it: its requests are left out with that time. */
function rateOf(batch: ClientPoint[]): number | null {
  const [first, last] = [batch[0]!, batch.at(-1)!]
  if (last.at <= first.at) return null
  return batch.slice(1).reduce((sum, {requests}) => sum + requests, 0) / (last.at - first.at)
}

function p95Of(batch: ClientPoint[]): number | null {
  const known = batch.filter(({p95, requests}) => p95 !== null && requests > 0)
  const requests = known.reduce((sum, point) => sum + point.requests, 0)
  return requests > 0 ? known.reduce((sum, point) => sum + point.p95! * point.requests, 0) / requests : null
}

const UNEXPLAINED = 'not explained'

/** Failures of the whole run by the cause that the database shows for them; most first. */
function causesOf(facts: Facts): JourneyRow['failures'] {
  const {total, groups} = failuresOf(facts)
  if (total === null) return null
  const counts = new Map<string, number>()
  for (const {cause, verdict, count} of groups) {
    const name = cause ?? (verdict === 'explained' ? 'the database' : UNEXPLAINED)
    counts.set(name, (counts.get(name) ?? 0) + count)
  }
  const causes = [...counts].map(([cause, count]) => ({cause, count}))
  return {total, causes: causes.sort((a, b) => b.count - a.count || (a.cause < b.cause ? -1 : 1))}
}

function databaseOf({run, steady, step, sessions, connections}: Facts): DatabaseRow {
  const counters = run.counters.filter(({at}) => at >= steady.from && at <= steady.to)
  const rate = step.transactionsPerSecond
  return {
    transactionsPerSecond: rate === null ? null : throughputMetric(rate, counters),
    refusals: run.refusals.filter(isServers).length,
    poolWaitMs: step.waitMs,
    lockWaitPercent: sessions && sessions.active > 0 ? (sessions.lockWaits / sessions.active) * 100 : null,
    deadlocks: counterRates(counters)?.deadlocks ?? null,
    connectionsPeak: connections?.peak ?? null,
    usable: connections?.usable ?? null,
  }
}

const throughputMetric = (rate: number, counters: CounterSample[]): Metric =>
  batchMetric(rate, counters, batch => counterRates(batch)?.perSecond ?? null)
