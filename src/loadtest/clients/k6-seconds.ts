import type {ClientPoint} from '../client.js'
import {type Histogram, histogram, percentilesOf} from './histogram.js'

/** More than two days. */
const MOST_POINTS = 200_000
/** k6 writes samples about once a second: what is older than this needs no histogram any more. */
const OPEN_SECONDS = 60
/** k6 tells the number of users each second. */
const USERS_HOLD = 5

/** Requests and what became of them. `unexpected`: by their status, for versions that do not say which failed. */
export type Counts = {requests: number; failures: number; unexpected: number}
export type Second = Counts & {users: number | null; latencies: Histogram | null; percentiles: Percentiles}
type Percentiles = ReturnType<typeof percentilesOf>

export type Seconds = {
  /** null: there are too many */
  of(at: number): Second | null
  range(): {from: number; to: number} | null
  points(failures: (counts: Counts) => number): ClientPoint[]
}

/** The seconds of a run. Only those of the last minute or two have histograms. */
export function newSeconds(): Seconds {
  const seconds = new Map<number, Second>()
  const open = new Map<number, Second>()
  let newest = 0
  let closed = 0

  function close(before: number): void {
    for (const [start, second] of open) {
      if (start >= before) continue
      second.percentiles = percentilesOf(second.latencies)
      second.latencies = null
      open.delete(start)
    }
    closed = before
  }

  return {
    of(at) {
      const start = Math.floor(at)
      const known = seconds.get(start)
      if (known || seconds.size >= MOST_POINTS) return known ?? null
      const second = newSecond()
      seconds.set(start, second)
      open.set(start, second)
      newest = Math.max(newest, start)
      if (newest - closed > 2 * OPEN_SECONDS) close(newest - OPEN_SECONDS)
      return second
    },
    range: () => rangeOf(seconds),
    points(failures) {
      close(Number.POSITIVE_INFINITY)
      return withUsers(
        [...seconds].sort(([a], [b]) => a - b).map(([start, second]) => pointOf(start, second, failures)),
      )
    },
  }
}

const newSecond = (): Second => ({
  requests: 0,
  failures: 0,
  unexpected: 0,
  users: null,
  latencies: histogram(),
  percentiles: percentilesOf(null),
})

function rangeOf(seconds: Map<number, Second>): {from: number; to: number} | null {
  if (seconds.size === 0) return null
  let [from, to] = [Number.POSITIVE_INFINITY, 0]
  for (const start of seconds.keys()) {
    from = Math.min(from, start)
    to = Math.max(to, start + 1)
  }
  return {from, to}
}

const pointOf = (start: number, second: Second, failures: (counts: Counts) => number): ClientPoint => ({
  at: start + 1,
  users: second.users,
  requests: second.requests,
  failures: failures(second),
  ...second.percentiles,
})

/** The number of users holds until it is told again. */
function withUsers(points: ClientPoint[]): ClientPoint[] {
  let told = {at: Number.NEGATIVE_INFINITY, users: null as number | null}
  for (const point of points) {
    if (point.users !== null) told = {at: point.at, users: point.users}
    else if (point.at - told.at <= USERS_HOLD) point.users = told.users
  }
  return points
}
