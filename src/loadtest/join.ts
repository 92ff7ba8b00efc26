import type {ActivitySample, CounterSample, PoolSample, Refusal, Run} from './record.js'

/** Counters are differences: the sample before a range belongs to it, unless it is older than this; seconds. */
const BEFORE = 15

export type Range = {from: number; to: number}

/** What was watched in a range: from <= at < to. */
export type Watched = Range & {
  activity: ActivitySample[]
  /** the last sample before the range too, and the first after it: rates are differences */
  counters: CounterSample[]
  pools: PoolSample[]
  refusals: Refusal[]
}

export type Joined =
  | {overlap: true; watched: Range; ranges: Watched[]}
  /** the client's and the database's times have nothing in common; `client` spans all ranges */
  | {overlap: false; watched: Range; client: Range}

/**
 * Gives the samples of the database in the same seconds as each of the ranges, which are by the clock of the run file,
 * at least one. A server restart ends what was watched.
 */
export function joinRanges(run: Run, ranges: Range[]): Joined {
  const watched = watchedRange(run)
  const client = ranges.reduce((a, b) => ({from: Math.min(a.from, b.from), to: Math.max(a.to, b.to)}))
  if (client.to <= watched.from || client.from >= watched.to) return {overlap: false, watched, client}
  const end = run.restarts[0] ?? Number.POSITIVE_INFINITY
  const until = (range: Range) => ({from: range.from, to: Math.min(range.to, end)})
  return {overlap: true, watched, ranges: ranges.map(range => ({...samplesIn(run, until(range)), ...range}))}
}

/** From the first line to the last sample, or to the first restart. */
export function watchedRange(run: Run): Range {
  const lists = [run.activity, run.counters, run.pools, run.refusals]
  const last = Math.max(run.start.at, run.end?.at ?? run.start.at, ...lists.map(list => list.at(-1)?.at ?? 0))
  const restart = run.restarts[0]
  return {from: run.start.at, to: restart === undefined ? last : Math.min(last, restart)}
}

function samplesIn(run: Run, range: Range): Watched {
  return {
    ...range,
    activity: within(run.activity, range),
    counters: around(run.counters, range),
    pools: within(run.pools, range),
    refusals: within(run.refusals, range),
  }
}

const within = <T extends {at: number}>(samples: T[], {from, to}: Range): T[] =>
  samples.slice(indexOf(samples, from), Math.max(indexOf(samples, from), indexOf(samples, to)))

/** One sample more on each side, of the same server start. */
function around(samples: CounterSample[], {from, to}: Range): CounterSample[] {
  let [first, end] = [indexOf(samples, from), indexOf(samples, to)]
  if (end < first) return []
  const [before, after] = [samples[first - 1], samples[end]]
  const startedAt = samples[first]?.startedAt ?? before?.startedAt
  if (before && before.at >= from - BEFORE && before.startedAt === startedAt) first -= 1
  if (after && after.at <= to + BEFORE && after.startedAt === startedAt) end += 1
  return samples.slice(first, end).filter(sample => sample.startedAt === startedAt)
}

/** Index of the first sample at this time or later. */
function indexOf(samples: {at: number}[], time: number): number {
  let low = 0
  let high = samples.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (samples[middle]!.at < time) low = middle + 1
    else high = middle
  }
  return low
}
