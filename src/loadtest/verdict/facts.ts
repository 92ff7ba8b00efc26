import type {Finding, Report, Result} from '../../report.js'
import type {ClientRun} from '../client.js'
import type {Plateau} from '../plateaus.js'
import type {ActivitySample, CounterSample, Refusal, Run} from '../record.js'
import {type LadderStep, stepOf} from '../steps.js'
import {type DatabaseShare, rateOf, shareOf} from './database-share.js'
import {type Sessions, sessionsOf} from './sessions.js'

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

/** Those from <= at <= to, of samples in the order of time. */
export function within<T extends {at: number}>(samples: readonly T[], {from, to}: Seconds): T[] {
  const start = firstAt(samples, at => at >= from)
  const end = firstAt(samples, at => at > to)
  return samples.slice(start, Math.max(start, end))
}

/** Index of the first sample for which it holds, by halving; their number when there is none. */
export function firstAt(samples: readonly {at: number}[], holds: (at: number) => boolean): number {
  let [low, high] = [0, samples.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (holds(samples[middle]!.at)) high = middle
    else low = middle + 1
  }
  return low
}

function connectionsOf(activity: ActivitySample[], counters: CounterSample[]): Connections | null {
  const usable = counters.at(-1)?.usable
  if (usable === undefined || usable <= 0 || activity.length === 0) return null
  const highest = activity.reduce((most, sample) => (sample.total > most.total ? sample : most))
  const peak = highest.total + WATCHER
  return {peak, at: highest.at, usable, percent: (peak / usable) * 100}
}

/** Percent of the usable connections at each look. */
export const fullness = ({total}: ActivitySample, usable: number): number => ((total + WATCHER) / usable) * 100

/** Refusals of the server itself, not those of a pooler's console. */
export const isServers = ({end}: Refusal): boolean => end === 'server'

export const resultsOf = ({report}: Facts, rules: readonly string[]): Result[] =>
  rules.flatMap(id => report?.results.filter(({rule}) => rule === id) ?? [])

/** What was measured before what was only assumed: a setting that looks low is no proof. */
export const findingsFor = (facts: Facts, rules: readonly string[]): Finding[] =>
  resultsOf(facts, rules)
    .flatMap(({findings}) => findings)
    .sort((a, b) => CONFIDENCES.indexOf(a.confidence) - CONFIDENCES.indexOf(b.confidence))

const CONFIDENCES: Finding['confidence'][] = ['measured', 'estimated', 'assumed']
