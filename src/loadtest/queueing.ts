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
  const largest = logs.reduce((most, log) => Math.max(most, log), 0)
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
  const tail = tailOf(queued)
  let [low, high] = [0, ((users - servers + 1) * HIGHEST) / rate]
  while (high - low > PRECISE * high) {
    const middle = (low + high) / 2
    if (tail(rate * middle) > 1 - q) low = middle
    else high = middle
  }
  return (low + high) / 2
}

/** Of itself. */
const PRECISE = 1e-9

/** An Erlang time is practically never this many times its mean (at one stage it is 4.6 times with 1 %). */
const HIGHEST = 10

/** Beyond so many standard deviations a Poisson number does not lie. */
const FARTHEST = 12

/** P(wait > t) at a = completions expected in t: with k to wait for, fewer than k happen (Poisson). */
function tailOf(queued: number[]): (expected: number) => number {
  const logFactorials = [0]
  for (let index = 1; index < queued.length; index++) logFactorials.push(logFactorials[index - 1]! + Math.log(index))
  const sums = [0]
  for (const share of queued) sums.push(sums.at(-1)! + share)
  return expected => {
    const spread = FARTHEST * (Math.sqrt(expected) + 1)
    const from = Math.max(0, Math.floor(expected - spread))
    const to = Math.min(queued.length - 1, Math.ceil(expected + spread))
    const log = Math.log(expected)
    let [fewer, sum] = [0, 0]
    for (let index = from; index <= to; index++) {
      // In logarithms: exp(-expected) is 0 where hundreds wait.
      fewer += Math.exp(index * log - expected - logFactorials[index]!)
      sum += queued[index]! * Math.min(1, fewer)
    }
    return sum + Math.max(0, sums.at(-1)! - sums[Math.max(to, -1) + 1]!)
  }
}

/**
 * Completions per second with n connections held, each of which needs `cpuSeconds` of one of `cores` processors and
 * `otherSeconds` of something that does not queue (disk, network, the application): mean value analysis of the inner
 * system, put in the place of the outer one's server (flow-equivalent server). Without cores: n / (cpu + other).
 */
export function innerRate(cpuSeconds: number, otherSeconds: number, cores: number | null, most: number) {
  const whole = cpuSeconds + otherSeconds
  if (cores === null || cpuSeconds <= 0 || !Number.isFinite(most)) return (held: number) => held / whole
  const known = closedThroughputs(cpuSeconds, Math.max(otherSeconds, LEAST_THINK_SECONDS), cores)
  return (held: number) => known(Math.min(held, most))
}

/**
 * Throughput of 1, 2, ... users of `cores` servers. It is G(n - 1) / G(n) of the normalisation constants (Buzen), which
 * follow from the ones before: with all servers at work the states are a geometric series. Kept, as all are asked for.
 */
function closedThroughputs(serviceSeconds: number, thinkSeconds: number, cores: number) {
  const throughputs = [0]
  // Weights of the states with k < cores at a server, and of all others together, as shares of G(n).
  let [few, queued] = [[1], 0]
  const more = () => {
    const n = throughputs.length
    // One user more thinks in each state: its weight Z^(n-k) / (n-k)! grows by Z / (n-k).
    const next = few.map((weight, at) => (weight * thinkSeconds) / (n - at))
    const last = few.at(-1)!
    if (n < cores) next.push((last * serviceSeconds) / n)
    const tail = n < cores ? 0 : ((queued + last) * serviceSeconds) / cores
    const sum = next.reduce((total, weight) => total + weight, tail)
    throughputs.push(1 / sum)
    few = next.map(weight => weight / sum)
    queued = tail / sum
  }
  return (users: number) => {
    while (throughputs.length <= users) more()
    return throughputs[users]!
  }
}
