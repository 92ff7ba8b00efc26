import type {Limits} from './limits.js'
import {solveClosed} from './queueing.js'
import type {LadderStep} from './steps.js'

/** A step in which a throughput and a hold time were measured. */
export type Measured = LadderStep & {
  transactionsPerSecond: number
  holdMs: number
  busy: NonNullable<LadderStep['busy']>
}

export const isMeasured = (step: LadderStep): step is Measured =>
  step.users > 0 && (step.transactionsPerSecond ?? 0) > 0 && (step.holdMs ?? 0) > 0 && step.busy !== null

/** What a user's transaction needs, in seconds, as a function of the number of users. */
export type Model = {
  /** outside the database, thinking included */
  think: Trend
  /** with a connection, off the processor */
  other: Trend
  /** on a processor; 0 where the cores are not known: then it is part of `other` */
  cpuSeconds: number
  /** transactions of one request; null: requests were not measured */
  perRequest: number | null
  /** the step that responses are extrapolated from */
  last: Measured
  /** more transactions at a time than users: they are not who waits, requests come at a rate */
  isOpen: boolean
  /** waits as a share of those of exponential hold times, (1 + cv^2) / 2; null: not known */
  variability: number | null
  /** one step only: nothing tells whether the times stay as they are */
  isAssumed: boolean
}

/** A time that stays as it is, or grows with the users; `at` gives the expected, the best and the worst case. */
export type Trend = {at: (users: number, which: Case) => number; isGrowing: boolean}
export type Case = 'expected' | 'low' | 'high'

/** Relative doubt in a time that one step told, and the least where several did. */
export const ONE_STEP = 0.3
export const SEVERAL_STEPS = 0.05
/** A time that grew by less from the first to the last step stays as it is. */
const GROWTH = 1.15

/** Each user is in one transaction at most; the rest is what counters miss or add. */
const OPEN = 1.1

/** The times behind the steps, lowest number of users first; null: no step was measured. */
export function modelOf(steps: readonly LadderStep[], limits: Limits): Model | null {
  const measured = steps.filter(isMeasured).sort((a, b) => a.users - b.users)
  const last = measured.at(-1)
  if (!last) return null
  const cpuSeconds = limits.cores === null ? 0 : cpuOf(measured, limits.cores)
  const doubt = doubtOf(measured)
  const points = (of: (step: Measured) => number) => measured.map(step => ({users: step.users, value: of(step)}))
  const perRequest = last.requestsPerSecond ? last.transactionsPerSecond / last.requestsPerSecond : null
  return {
    think: trendOf(
      points(step => thinkOf(step, limits)),
      doubt,
    ),
    other: trendOf(
      points(step => otherOf(step, cpuSeconds)),
      doubt,
    ),
    cpuSeconds,
    perRequest,
    last,
    isOpen: last.busy.mean + (last.poolWaiting?.mean ?? 0) > OPEN * last.users,
    isAssumed: measured.length === 1,
    variability: variabilityOf(measured),
  }
}

/** A request of so few transactions shows how their times vary. */
const FEW_TRANSACTIONS = 1.5
/** In milliseconds of wait for each of hold: with less, the spread of the responses is not that of the queue. */
const LITTLE_WAIT = 0.05
/** The 95th percentile of a normal distribution, in standard deviations from its middle. */
const NORMAL_P95 = 1.645

/** From the spread of the responses in the first step, where nobody waited and most of a response was the hold. */
function variabilityOf(steps: Measured[]): number | null {
  const {p50, p95, holdMs, waitMs, transactionsPerSecond, requestsPerSecond} = steps[0]!
  if (p50 === null || p95 === null || !requestsPerSecond || waitMs === null) return null
  const isHold = transactionsPerSecond / requestsPerSecond < FEW_TRANSACTIONS && holdMs > p50 / 2
  if (!isHold || waitMs > LITTLE_WAIT * holdMs) return null
  const deviation = (p95 - p50) / NORMAL_P95 / holdMs
  return (1 + deviation ** 2) / 2
}

const cpuSecondsOf = ({running, transactionsPerSecond, holdMs}: Measured) =>
  Math.min((running?.mean ?? 0) / transactionsPerSecond, holdMs / 1000)

/** Sessions that wait for a processor look as if they ran: steps in which there was room tell what is needed. */
function cpuOf(steps: Measured[], cores: number): number {
  const known = steps.filter(({running}) => running !== null)
  if (known.length === 0) return 0
  const quiet = known.filter(({running}) => running!.mean <= cores / 2)
  if (quiet.length === 0) return Math.min(...known.map(cpuSecondsOf))
  return weightedMean(quiet.map(step => ({users: step.users, value: cpuSecondsOf(step)})))
}

/** Where the processors are modelled apart, their queue is not part of the rest. */
const otherOf = (step: Measured, cpuSeconds: number) =>
  cpuSeconds > 0 ? step.holdMs / 1000 - cpuSecondsOf(step) : step.holdMs / 1000

/** N = X (R + Z): what is left of a user's cycle; where no wait was measured, as much as explains the throughput. */
function thinkOf(step: Measured, {pool}: Limits): number {
  const cycle = step.users / step.transactionsPerSecond
  const hold = step.holdMs / 1000
  if (step.waitMs !== null || pool === null) return Math.max(0, cycle - hold - (step.waitMs ?? 0) / 1000)
  let [low, high] = [0, Math.max(0, cycle - hold)]
  for (let times = 0; times < 40; times++) {
    const middle = (low + high) / 2
    const system = {users: step.users, thinkSeconds: middle, servers: pool, rate: (held: number) => held / hold}
    if (solveClosed(system).throughput > step.transactionsPerSecond) low = middle
    else high = middle
  }
  return (low + high) / 2
}

function doubtOf(steps: Measured[]): number {
  const {hold, throughput} = steps.at(-1)!.errors
  const sampling = 2 * Math.max(hold ?? 0, throughput ?? 0)
  return Math.min(0.5, Math.max(steps.length === 1 ? ONE_STEP : SEVERAL_STEPS, sampling))
}

type Point = {users: number; value: number}

/** With more users more was measured, and nearer to what comes. */
const weightedMean = (points: Point[]) =>
  points.reduce((sum, {users, value}) => sum + value * users, 0) / points.reduce((sum, {users}) => sum + users, 0)

function trendOf(points: Point[], doubt: number): Trend {
  const [first, last] = [points[0]!, points.at(-1)!]
  const isGrowing = first.value > 0 && last.value > GROWTH * first.value && last.users > first.users
  if (isGrowing) return growing(points, doubt)
  const value = weightedMean(points)
  const spread = value > 0 ? Math.max(...points.map(point => Math.abs(point.value / value - 1))) : 0
  const band = Math.min(0.5, Math.max(doubt, spread))
  return {isGrowing, at: (_, which) => value * (1 + factor(which) * band)}
}

export const factor = (which: Case) => ({expected: 0, low: -1, high: 1})[which]

/** Goes on as it grew between the last two steps (a power of the users, not above the first: a queue grows no faster). */
function growing(points: Point[], doubt: number): Trend {
  const last = points.at(-1)!
  const before = points.at(-2)!
  const exponent = Math.min(
    1,
    Math.max(0, Math.log(last.value / Math.max(before.value, 1e-9)) / Math.log(last.users / before.users)),
  )
  const expected = (users: number) => last.value * Math.max(1, users / last.users) ** exponent
  return {
    isGrowing: true,
    at: (users, which) => {
      if (which === 'low') return last.value * (1 - doubt)
      return which === 'high' ? expected(users) * (1 + doubt) : expected(users)
    },
  }
}
