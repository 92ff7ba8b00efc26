import type {ActivitySample, CounterSample, PoolSample, Refusal, RunRecord} from '../record.js'

/** What a screen shows of the run so far. */
export type Live = {
  activity: ActivitySample | null
  counters: CounterSample | null
  rates: {transactions: number; rollbacks: number; deadlocks: number} | null
  /** of the last reading that has any: the statement with most time, and its share of the time of all */
  top: {queryid: string; share: number} | null
  pools: Map<string, PoolSample>
  refusals: {count: number; last: Refusal | null; isRefused: boolean}
  seen: {seconds: number; samples: number; peak: number}
}

export function liveState(startedAt: number): {live: Live; add: (record: RunRecord) => void} {
  const live: Live = {
    activity: null,
    counters: null,
    rates: null,
    top: null,
    pools: new Map(),
    refusals: {count: 0, last: null, isRefused: false},
    seen: {seconds: 0, samples: 0, peak: 0},
  }
  const add = (record: RunRecord) => {
    live.seen.seconds = Math.max(live.seen.seconds, record.at - startedAt)
    if (record.type === 'activity') {
      live.activity = record
      live.refusals.isRefused = false
      live.seen.samples += 1
      live.seen.peak = Math.max(live.seen.peak, record.total)
    } else if (record.type === 'counters') {
      live.rates = ratesOf(live.counters, record)
      live.counters = record
      if (record.statements) live.top = topOf(record.statements)
    } else if (record.type === 'pools') live.pools.set(record.console, record)
    else if (record.type === 'refused') {
      live.refusals.count += 1
      live.refusals.last = record
      if (record.end === 'server') live.refusals.isRefused = true
    }
  }
  return {live, add}
}

function ratesOf(before: CounterSample | null, now: CounterSample): Live['rates'] {
  if (!before || before.startedAt !== now.startedAt || now.at <= before.at) return null
  const rate = (name: 'commits' | 'rollbacks' | 'deadlocks') =>
    Math.max(0, now[name] - before[name]) / (now.at - before.at)
  return {
    transactions: rate('commits') + rate('rollbacks'),
    rollbacks: rate('rollbacks'),
    deadlocks: Math.max(0, now.deadlocks - before.deadlocks),
  }
}

function topOf(statements: NonNullable<CounterSample['statements']>): Live['top'] {
  const total = statements.reduce((sum, {totalMs}) => sum + totalMs, 0)
  const [first] = statements
  return first && total > 0 ? {queryid: first.queryid, share: first.totalMs / total} : null
}
