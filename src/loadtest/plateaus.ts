import type {ClientPoint, ClientRun} from './client.js'

/** A shorter stretch of constant load says nothing, in seconds. */
const SHORTEST = 5
/** What is dropped at the beginning of each: connections are opened, caches are cold. */
const WARM_UP = 0.2
/** A run that is this much of one plateau has about its percentiles. */
const NEARLY_ALL = 0.8

export type Plateau = {
  /** null: unknown */
  users: number | null
  /** without what was dropped; null: the run has no times */
  from: number | null
  to: number | null
  requests: number
  /** null: the format does not tell */
  failures: number | null
  requestsPerSecond: number | null
  mean: number | null
  p50: number | null
  p95: number | null
  p99: number | null
  /**
   * `intervals`: means of the percentiles of its intervals, weighted by their requests; `run`: percentiles of the whole
   * run, its beginning included; null: there are none
   */
  latencies: 'intervals' | 'run' | null
}

/**
 * Cuts a run into stretches of constant user count of at least 5 s, without the first 20 % of each. A run that tells
 * no users is one plateau; `users`: how many there were, when that is known from elsewhere. No plateau: the number of
 * users changed all the time, or the run was too short.
 */
export function plateaus(run: ClientRun, users: number | null = null): Plateau[] {
  const told = run.points.some(point => point.users !== null)
  const assumed = users ?? run.total.users
  if (run.points.length === 0) return [wholeRun(run, assumed)]
  const stretches = told ? stretchesOf(run.points) : [run.points]
  const found = stretches.flatMap(points => plateauOf(points, told ? (points[0]?.users ?? null) : assumed))
  if (!told && found.length === 0) return [wholeRun(run, assumed)]
  const [only] = found
  if (found.length === 1 && only && only.latencies === null) return [withRun(only, run, stretches)]
  return found
}

/** Runs of points with the same number of users, above 0. */
function stretchesOf(points: ClientPoint[]): ClientPoint[][] {
  const stretches: ClientPoint[][] = []
  for (const [i, point] of points.entries()) {
    if (point.users === null || point.users === 0) continue
    if (points[i - 1]?.users === point.users) stretches.at(-1)!.push(point)
    else stretches.push([point])
  }
  return stretches
}

/** The first point ends an interval in which the number of users changed: it only tells when the stretch begins. */
function plateauOf(points: ClientPoint[], users: number | null): Plateau[] {
  const [first, last] = [points[0]!.at, points.at(-1)!.at]
  if (last - first < SHORTEST) return []
  const start = first + WARM_UP * (last - first)
  const kept = points.filter(({at}) => at > start)
  const from = points[points.length - kept.length - 1]!.at
  const sum = (of: (point: ClientPoint) => number) => kept.reduce((all, point) => all + of(point), 0)
  const requests = sum(point => point.requests)
  const p95 = weighted(kept, 'p95')
  return [
    {
      users,
      from,
      to: last,
      requests,
      failures: sum(point => point.failures),
      requestsPerSecond: requests / (last - from),
      mean: weighted(kept, 'mean'),
      p50: weighted(kept, 'p50'),
      p95,
      p99: weighted(kept, 'p99'),
      latencies: p95 === null ? null : 'intervals',
    },
  ]
}

function weighted(points: ClientPoint[], key: 'mean' | 'p50' | 'p95' | 'p99'): number | null {
  let sum = 0
  let requests = 0
  for (const point of points) {
    const value = point[key]
    if (value === null) continue
    sum += value * point.requests
    requests += point.requests
  }
  return requests > 0 ? sum / requests : null
}

function withRun(plateau: Plateau, {total}: ClientRun, stretches: ClientPoint[][]): Plateau {
  const requestsOf = (points: ClientPoint[]) => points.reduce((all, {requests}) => all + requests, 0)
  const longest = stretches.reduce((most, points) => Math.max(most, requestsOf(points)), 0)
  if (total.p95 === null || longest < NEARLY_ALL * total.requests) return plateau
  return {...plateau, p50: total.p50, p95: total.p95, p99: total.p99, latencies: 'run'}
}

function wholeRun({total, from, to}: ClientRun, users: number | null): Plateau {
  const {requests, failures, requestsPerSecond, mean, p50, p95, p99} = total
  const latencies = p95 === null ? null : 'run'
  return {users, from, to, requests, failures, requestsPerSecond, mean, p50, p95, p99, latencies}
}
