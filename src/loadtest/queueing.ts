/**
 * A closed queueing system: `users` who think, then need one of `servers` server connections, hold it, and think again
 * (the machine repairman model, M/M/c//N). Seconds throughout.
 */
export type ClosedSystem = {
  users: number
  /** between the end of one transaction and the wish for the next */
  thinkSeconds: number
  /** connections that can be held at the same time; Infinity: nobody waits for one */
  servers: number
  /** transactions that are completed per second while n connections are held, n >= 1 */
  rate: (held: number) => number
}

export type ClosedResult = {
  /** transactions per second */
  throughput: number
  /** connections held, on average */
  busy: number
  /** connections held: no more than these in 99 of 100 moments */
  busyPeak: number
  /** users that wait for a connection, on average */
  waiting: number
  /** of one transaction, on average */
  waitSeconds: number
}

/** Exact, by the balance of arrivals and completions in each state. */
export function solveClosed(system: ClosedSystem): ClosedResult {
  const {users, servers} = system
  const shares = stateShares(system, users)
  const mean = (of: (inside: number) => number) => shares.reduce((sum, share, inside) => sum + share * of(inside), 0)
  const throughput = mean(inside => completions(system, inside))
  const waiting = mean(inside => Math.max(0, inside - servers))
  return {
    throughput,
    busy: mean(inside => Math.min(inside, servers)),
    busyPeak: Math.min(servers, quantile(shares, PEAK_SHARE)),
    waiting,
    waitSeconds: throughput > 0 ? waiting / throughput : 0,
  }
}

const PEAK_SHARE = 0.99

/** The smallest index up to which the shares add up to q. */
function quantile(shares: number[], q: number): number {
  let below = 0
  for (const [index, share] of shares.entries()) {
    below += share
    if (below >= q) return index
  }
  return shares.length - 1
}

const completions = ({servers, rate}: ClosedSystem, inside: number) =>
  inside === 0 ? 0 : rate(Math.min(inside, servers))

/** Shares of time with 0, 1, ... `users` of them waiting or served; in logarithms, as powers of 1000 users overflow. */
function stateShares(system: ClosedSystem, users: number): number[] {
  const think = Math.max(system.thinkSeconds, LEAST_THINK_SECONDS)
  const logs = [0]
  for (let inside = 1; inside <= users; inside++) {
    const arrivals = (users - inside + 1) / think
    logs.push(logs[inside - 1]! + Math.log(arrivals) - Math.log(completions(system, inside)))
  }
  const largest = Math.max(...logs)
  const weights = logs.map(log => Math.exp(log - largest))
  const sum = weights.reduce((total, weight) => total + weight, 0)
  return weights.map(weight => weight / sum)
}

/** Nobody thinks for no time at all; the model would divide by it. */
const LEAST_THINK_SECONDS = 1e-6

/**
 * The wait for a connection that is exceeded by one transaction in twenty (q = 0.95): by the arrival theorem it finds
 * the system as it is with one user less, and waits for as many completions as there are before it.
 */
export function waitQuantile(system: ClosedSystem, q: number): number {
  const {users, servers} = system
  if (users <= servers) return 0
  const found = stateShares(system, users - 1)
  const rate = system.rate(servers)
  const queued = found.slice(servers)
  if (queued.reduce((sum, share) => sum + share, 0) <= 1 - q) return 0
  let [low, high] = [0, ((users - servers + 1) * HIGHEST) / rate]
  for (let step = 0; step < 50; step++) {
    const middle = (low + high) / 2
    if (tail(queued, rate * middle) > 1 - q) low = middle
    else high = middle
  }
  return (low + high) / 2
}

/** An Erlang time is practically never this many times its mean (at one stage it is 4.6 times with 1 %). */
const HIGHEST = 10

/** P(wait > t) at a = completions expected in t: with k to wait for, fewer than k happen (Poisson). */
function tail(queued: number[], expected: number): number {
  // In logarithms: exp(-expected) is 0 where hundreds wait.
  let log = -expected
  let fewer = Math.exp(log)
  let sum = 0
  queued.forEach((share, index) => {
    sum += share * Math.min(1, fewer)
    log += Math.log(expected / (index + 1))
    fewer += Math.exp(log)
  })
  return sum
}

/**
 * Completions per second with n connections held, each of which needs `cpuSeconds` of one of `cores` processors and
 * `otherSeconds` of something that does not queue (disk, network, the application): mean value analysis of the inner
 * system, put in the place of the outer one's server (flow-equivalent server). Without cores: n / (cpu + other).
 */
export function innerRate(cpuSeconds: number, otherSeconds: number, cores: number | null, most: number) {
  const whole = cpuSeconds + otherSeconds
  if (cores === null || cpuSeconds <= 0 || !Number.isFinite(most)) return (held: number) => held / whole
  const known = [0]
  for (let held = 1; held <= most; held++) {
    known.push(
      solveClosed({users: held, thinkSeconds: otherSeconds, servers: cores, rate: running => running / cpuSeconds})
        .throughput,
    )
  }
  return (held: number) => known[Math.min(held, most)]!
}
