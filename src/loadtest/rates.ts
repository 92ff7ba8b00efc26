import type {CounterSample, PoolSample} from './record.js'

/** Rates of the watched database between the first and the last of these samples. */
export type CounterRates = {
  seconds: number
  /** transactions per second, and between each two samples */
  perSecond: number
  rates: number[]
  /** connections in use on average, by the server's own times; null before PostgreSQL 14 */
  busy: number | null
  deadlocks: number
}

/** Null with fewer than two samples, or where a counter went back: the server was restarted, or its statistics reset. */
export function counterRates(samples: readonly CounterSample[]): CounterRates | null {
  const [first, last] = [samples[0], samples.at(-1)]
  if (!first || !last || last.at <= first.at || first.startedAt !== last.startedAt) return null
  const seconds = last.at - first.at
  const done = ({commits, rollbacks}: CounterSample) => commits + rollbacks
  const transactions = done(last) - done(first)
  if (transactions < 0) return null
  const inUse = (sample: CounterSample) =>
    sample.activeMs === null || sample.idleInTransactionMs === null
      ? null
      : sample.activeMs + sample.idleInTransactionMs
  const [before, after] = [inUse(first), inUse(last)]
  const busy = before === null || after === null || after < before ? null : (after - before) / 1000 / seconds
  return {
    seconds,
    perSecond: transactions / seconds,
    rates: pairs(samples).map(([a, b]) => (done(b) - done(a)) / (b.at - a.at)),
    busy,
    deadlocks: last.deadlocks - first.deadlocks,
  }
}

/** Rates of all watched poolers together. */
export type PooledRates = {
  perSecond: number
  rates: number[]
  /** milliseconds that a transaction waited for a connection, on average */
  waitMs: number
  /** server connections in use on average, in total and between each two samples */
  busy: number
  holds: number[]
  /** clients that waited, by sample; those of several poolers are added where they were looked at together */
  waiting: number[]
}

type Counted = PoolSample & {transactions: number; waitMicros: number; transactionMicros: number}

/** Null: no pooler told its statistics twice, or nothing went through it. */
export function pooledRates(samples: readonly PoolSample[]): PooledRates | null {
  const consoles = [...new Set(samples.map(sample => sample.console))]
  const each = consoles.flatMap(console => {
    const own = samples.filter(sample => sample.console === console)
    const rates = ratesOf(own.filter(isCounted))
    return rates ? [{...rates, waiting: own.map(waitingIn)}] : []
  })
  const perSecond = each.reduce((sum, one) => sum + one.perSecond, 0)
  if (perSecond === 0) return null
  return {
    perSecond,
    rates: addUp(each.map(one => one.rates)),
    waitMs: each.reduce((sum, one) => sum + one.waitMs * one.perSecond, 0) / perSecond,
    busy: each.reduce((sum, one) => sum + one.busy, 0),
    holds: addUp(each.map(one => one.holds)),
    waiting: addUp(each.map(one => one.waiting)),
  }
}

const isCounted = (sample: PoolSample): sample is Counted =>
  sample.transactions !== null && sample.waitMicros !== null && sample.transactionMicros !== null

const waitingIn = ({pools}: PoolSample) => pools.reduce((sum, {clientsWaiting}) => sum + clientsWaiting, 0)

function ratesOf(samples: Counted[]): Omit<PooledRates, 'waiting'> | null {
  const [first, last] = [samples[0], samples.at(-1)]
  if (!first || !last || last.at <= first.at) return null
  const transactions = last.transactions - first.transactions
  const waited = last.waitMicros - first.waitMicros
  // The time of a transaction includes its wait for a server connection.
  const held = (a: Counted, b: Counted) =>
    Math.max(0, b.transactionMicros - a.transactionMicros - (b.waitMicros - a.waitMicros)) / 1e6 / (b.at - a.at)
  if (transactions < 0 || waited < 0) return null
  const seconds = last.at - first.at
  return {
    perSecond: transactions / seconds,
    rates: pairs(samples).map(([a, b]) => (b.transactions - a.transactions) / (b.at - a.at)),
    waitMs: transactions > 0 ? waited / transactions / 1000 : 0,
    busy: held(first, last),
    holds: pairs(samples).map(([a, b]) => held(a, b)),
  }
}

const pairs = <T extends {at: number}>(samples: readonly T[]): [T, T][] =>
  samples.slice(1).flatMap((sample, index): [T, T][] => {
    const before = samples[index]!
    return sample.at > before.at ? [[before, sample]] : []
  })

/** The first values of all lists together, the second ones, ...; as long as the shortest list. */
function addUp(lists: number[][]): number[] {
  const length = Math.min(...lists.map(list => list.length))
  return [...Array(Number.isFinite(length) ? length : 0).keys()].map(at =>
    lists.reduce((sum, list) => sum + list[at]!, 0),
  )
}
