import type {Finding, Report, Result} from '../../report.js'
import type {ClientRun} from '../client.js'
import type {Plateau} from '../plateaus.js'
import type {ActivitySample, CounterSample, PoolSample, Refusal, Run} from '../record.js'
import {type LadderStep, stepOf} from '../steps.js'

export type Seconds = {from: number; to: number}

/** What was measured in the part of the run that is judged. Pure sums; no judgement. */
export type Facts = {
  users: number | null
  cores: number | null
  /** with the ramp up to the tested number of users: peaks, refusals, errors */
  whole: Seconds
  /** users constant, the first 20 % left out: shares and latencies; the whole where there is no such part */
  steady: Seconds
  /** measured in the steady part */
  step: LadderStep
  run: Pick<Run, 'activity' | 'counters' | 'pools' | 'refusals' | 'texts'>
  client: ClientRun | null
  connections: Connections | null
  sessions: Sessions | null
  share: DatabaseShare | null
  /** what the rules said about the snapshot at the end; null: there is none */
  report: Report | null
}

export type Connections = {
  /** client connections, with the one that watched */
  peak: number
  at: number
  usable: number
  percent: number
}

/** Sums over the steady part's looks at the sessions, each a second or so apart. */
export type Sessions = {
  looks: number
  total: number
  /** connections at the looks with the fewest and the most */
  least: number
  most: number
  active: number
  idleInTransaction: number
  running: number
  lockWaits: number
  ioWaits: number
  blocked: {relation: string; count: number}[]
  /** what was active, most first */
  statements: {text: string; queryid: string | null; count: number}[]
}

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

/** The watching connection takes a place, too; the samples leave it out. */
export const WATCHER = 1

export type FactsInput = {
  run: Run
  client: ClientRun | null
  users: number | null
  cores: number | null
  whole: Seconds
  steady: Seconds
  /** percentiles of the steady part; null: those of its intervals are all there is */
  plateau: Plateau | null
  report: Report | null
}

export function factsOf({run, client, users, cores, whole, steady, plateau, report}: FactsInput): Facts {
  const part = {
    activity: within(run.activity, whole),
    counters: within(run.counters, whole),
    pools: within(run.pools, whole),
    refusals: within(run.refusals, whole),
    texts: run.texts,
  }
  const step = withPlateau(stepOf(run, client, {users: users ?? 0, ...steady}), plateau)
  const steadyActivity = within(run.activity, steady)
  return {
    users,
    cores,
    whole,
    steady,
    step,
    run: part,
    client,
    connections: connectionsOf(part.activity, part.counters),
    sessions: steadyActivity.length > 0 ? sessionsOf(steadyActivity) : null,
    share: shareOf(steadyActivity, within(run.pools, steady), rateOf(step, client)),
    report,
  }
}

/** Where the intervals have no percentiles, a plateau that is nearly all of the run has those of the run. */
function withPlateau(step: LadderStep, plateau: Plateau | null): LadderStep {
  if (!plateau) return step
  const {mean, p50, p95, p99} = plateau
  return {
    ...step,
    meanMs: mean ?? step.meanMs,
    p50: p50 ?? step.p50,
    p95: p95 ?? step.p95,
    p99: p99 ?? step.p99,
  }
}

export const within = <T extends {at: number}>(samples: readonly T[], {from, to}: Seconds): T[] =>
  samples.filter(({at}) => at >= from && at <= to)

function connectionsOf(activity: ActivitySample[], counters: CounterSample[]): Connections | null {
  const usable = counters.at(-1)?.usable
  if (usable === undefined || usable <= 0 || activity.length === 0) return null
  const highest = activity.reduce((most, sample) => (sample.total > most.total ? sample : most))
  const peak = highest.total + WATCHER
  return {peak, at: highest.at, usable, percent: (peak / usable) * 100}
}

/** Percent of the usable connections at each look. */
export const fullness = ({total}: ActivitySample, usable: number): number => ((total + WATCHER) / usable) * 100

function sessionsOf(activity: ActivitySample[]): Sessions {
  const sum = (of: (sample: ActivitySample) => number) => activity.reduce((all, sample) => all + of(sample), 0)
  const waitsFor = (type: string) => (sample: ActivitySample) =>
    sample.waits.filter(wait => wait.type === type).reduce((all, {count}) => all + count, 0)
  return {
    looks: activity.length,
    total: sum(({total}) => total),
    least: Math.min(...activity.map(({total}) => total)),
    most: Math.max(...activity.map(({total}) => total)),
    active: sum(({active}) => active),
    idleInTransaction: sum(({idleInTransaction}) => idleInTransaction),
    running: sum(({running}) => running),
    lockWaits: sum(waitsFor('Lock')),
    ioWaits: sum(waitsFor('IO')),
    blocked: counted(activity.flatMap(({blocked}) => blocked.flatMap(named))).map(({key, count}) => ({
      relation: key,
      count,
    })),
    statements: counted(
      activity.flatMap(({statements}) => statements.map(each => ({...each, key: each.queryid ?? each.text}))),
    ).map(({first: {text, queryid}, count}) => ({text, queryid, count})),
  }
}

const named = ({relation, count}: {relation: string | null; count: number}) =>
  relation === null ? [] : [{key: relation, count}]

/** Equal keys added up, most first. */
function counted<T extends {key: string; count: number}>(items: T[]): {key: string; count: number; first: T}[] {
  const groups = new Map<string, {key: string; count: number; first: T}>()
  for (const item of items) {
    const known = groups.get(item.key)
    if (known) known.count += item.count
    else groups.set(item.key, {key: item.key, count: item.count, first: item})
  }
  return [...groups.values()].sort((a, b) => b.count - a.count || (a.key < b.key ? -1 : 1))
}

export type RequestRate = {perSecond: number; latencyMs: number; source: string}

/** Mean latency is what Little's law wants; the median is all that some formats have. */
function rateOf(step: LadderStep, client: ClientRun | null): RequestRate | null {
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

/** Refusals of the server itself, not those of a pooler's console. */
export const isServers = ({end}: Refusal): boolean => end === 'server'

export const resultsOf = ({report}: Facts, rules: readonly string[]): Result[] =>
  rules.flatMap(id => report?.results.filter(({rule}) => rule === id) ?? [])

export const findingsFor = (facts: Facts, rules: readonly string[]): Finding[] =>
  resultsOf(facts, rules).flatMap(({findings}) => findings)
