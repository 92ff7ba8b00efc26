import type {ClientPoint, ClientRun} from './client.js'
import type {CounterSample} from './record.js'

/** Farther apart, clocks are set wrong in a way that nobody overlooks; seconds. */
const FARTHEST = 300
/** A clear correlation is at least this, and this much above that of any lag farther than NEAR from the best. */
const CLEAR = 0.8
const DISTINCT = 0.1
const NEAR = 5
/** Locust's workers report every 3 s, so that shorter ups and downs may be those of the reports. */
const SMOOTHED = 3
const SHORTEST = 20
/** More says nothing new, and takes longer. */
const LONGEST = 4 * 3600

export type Skew = {
  /** clock of the watching machine minus that of the load generator */
  seconds: number
  /** of requests and commits per second, at this skew */
  correlation: number
}

/** Cumulative counts at rising times. */
type Curve = {at: number[]; sum: number[]}

/**
 * How far the clock of the load generator is from the one of the run file, from the moment on at which requests and
 * commits per second match best; to about 2 s. null: it is not clear, as when both are constant all the time.
 */
export function estimateSkew(points: ClientPoint[], counters: CounterSample[], farthest = FARTHEST): Skew | null {
  const client = clientCurve(points)
  const server = serverCurve(counters)
  const width = Math.max(SMOOTHED, spacingOf(server))
  const from = Math.ceil(server.at[0] ?? 0)
  const length = Math.min(LONGEST, Math.floor(server.at.at(-1) ?? 0) - from - width)
  if (client.at.length < SHORTEST / 2 || length < SHORTEST) return null
  const seconds = Array.from({length}, (_, i) => from + i)
  const rate = (curve: Curve, at: number) => valueAt(curve, at + width) - valueAt(curve, at)
  const commits = seconds.map(at => rate(server, at))
  const found: Skew[] = []
  const requests = new Map<number, number>()
  const requestsAt = (at: number) => {
    if (!requests.has(at)) requests.set(at, rate(client, at))
    return requests.get(at)!
  }
  for (let lag = -farthest; lag <= farthest; lag += 1) {
    if (!overlaps(client, from - lag, length)) continue
    found.push({
      seconds: lag,
      correlation: correlate(
        seconds.map(at => requestsAt(at - lag)),
        commits,
      ),
    })
  }
  return clearest(found)
}

/** The same run by a clock that is `seconds` ahead. */
export function shiftRun(run: ClientRun, seconds: number): ClientRun {
  const shift = (at: number | null) => (at === null ? null : at + seconds)
  return {
    ...run,
    from: shift(run.from),
    to: shift(run.to),
    points: run.points.map(point => ({...point, at: point.at + seconds})),
    failures: run.failures.map(failure => ({...failure, first: shift(failure.first), last: shift(failure.last)})),
  }
}

/** The best of all, unless another, farther away, is nearly as good. */
function clearest(found: Skew[]): Skew | null {
  const best = found.reduce((a, b) => (b.correlation > a.correlation ? b : a), {seconds: 0, correlation: 0})
  const rival = found
    .filter(({seconds}) => Math.abs(seconds - best.seconds) > NEAR)
    .reduce((most, {correlation}) => Math.max(most, correlation), -1)
  return best.correlation >= CLEAR && best.correlation - rival >= DISTINCT ? best : null
}

function clientCurve(points: ClientPoint[]): Curve {
  const curve: Curve = {at: [], sum: []}
  let sum = 0
  for (const [i, {at, requests}] of points.entries()) {
    if (i === 0) {
      curve.at.push(at - 1)
      curve.sum.push(0)
    }
    sum += requests
    curve.at.push(at)
    curve.sum.push(sum)
  }
  return curve
}

/** Commits and rollbacks since the first sample, up to the first restart. */
function serverCurve(counters: CounterSample[]): Curve {
  const first = counters[0]
  const curve: Curve = {at: [], sum: []}
  for (const sample of counters) {
    if (!first || sample.startedAt !== first.startedAt || sample.at <= (curve.at.at(-1) ?? -1)) break
    curve.at.push(sample.at)
    curve.sum.push(sample.commits - first.commits + sample.rollbacks - first.rollbacks)
  }
  return curve
}

function spacingOf({at}: Curve): number {
  const gaps = at.slice(1).map((time, i) => time - at[i]!)
  return Math.ceil(gaps.sort((a, b) => a - b)[Math.floor(gaps.length / 2)] ?? 0)
}

/** Linear between two samples, constant outside: a load generator that does not run sends nothing. */
function valueAt({at, sum}: Curve, time: number): number {
  let low = 0
  let high = at.length - 1
  if (time <= at[low]!) return sum[low]!
  if (time >= at[high]!) return sum[high]!
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (at[middle]! <= time) low = middle
    else high = middle
  }
  const part = (time - at[low]!) / (at[high]! - at[low]!)
  return sum[low]! + part * (sum[high]! - sum[low]!)
}

/** At least half of the client's time lies in the server's. */
function overlaps(client: Curve, from: number, length: number): boolean {
  const [first, last] = [client.at[0]!, client.at.at(-1)!]
  return Math.min(last, from + length) - Math.max(first, from) >= (last - first) / 2
}

function correlate(a: number[], b: number[]): number {
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const [meanA, meanB] = [mean(a), mean(b)]
  let [both, ofA, ofB] = [0, 0, 0]
  for (const [i, value] of a.entries()) {
    const [x, y] = [value - meanA, b[i]! - meanB]
    both += x * y
    ofA += x * x
    ofB += y * y
  }
  return ofA > 0 && ofB > 0 ? both / Math.sqrt(ofA * ofB) : 0
}
