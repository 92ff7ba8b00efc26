import type {Limits} from './limits.js'
import type {Case, Model} from './model.js'
import {type Outcome, outcomeAt} from './outcome.js'
import type {LadderStep} from './steps.js'

/** A number and how far off it may be. */
export type Estimate = {value: number; low: number; high: number}

/** Beyond this many times the last number of users any line is a guess. */
export const MAX_EXTRAPOLATION = 2.5

/** Which times are as expected, and which shorter or longer. */
export type Cases = {think: Case; hold: Case}

/** Expected first, then the four corners of what may be wrong. */
export function casesOf(model: Model, limits: Limits, users: number): Outcome[] {
  return CASES.map(cases => outcomeAt(model, limits, users, cases))
}

const CASES: Cases[] = [
  {think: 'expected', hold: 'expected'},
  {think: 'low', hold: 'high'},
  {think: 'high', hold: 'low'},
  {think: 'low', hold: 'low'},
  {think: 'high', hold: 'high'},
]

export const estimate = ([value, ...others]: number[]): Estimate => ({
  value: value!,
  low: Math.min(value!, ...others),
  high: Math.max(value!, ...others),
})

/** How much a percentile of one run says of another run at the same number of users. */
const P95_DOUBT = 0.1

/** The last step's, and what waiting, holding and (where it grows) the rest add to the transactions of a request. */
export function p95At(model: Model, limits: Limits, users: number): Estimate | null {
  const {last, perRequest, think} = model
  if (last.p95 === null || perRequest === null) return null
  const visits = Math.max(1, perRequest)
  const whole = ({waitSeconds, waitP95, holdSeconds, thinkSeconds}: Outcome) =>
    visits * (waitSeconds + holdSeconds + (think.isGrowing ? thinkSeconds : 0)) +
    // Of independent waits the deviations add up by their squares.
    (Number.isFinite(waitSeconds) ? Math.sqrt(visits) * (waitP95 - waitSeconds) : 0)
  const before = casesOf(model, limits, last.users)
  const added = casesOf(model, limits, users).map((outcome, at) => (whole(outcome) - whole(before[at]!)) * 1000)
  const {value, low, high} = estimate(added)
  const doubt = last.p95 * P95_DOUBT * (model.isAssumed ? 2 : 1)
  return {
    value: Math.max(0, last.p95 + value),
    low: Math.max(0, last.p95 + low - doubt),
    high: last.p95 + high + doubt,
  }
}

/** Open connections grow with the users as they did, or all together where one step was run; a pool ends that. */
export function connectionsAt(steps: readonly LadderStep[], users: number, limits: Limits): Estimate | null {
  const known = steps
    .flatMap(step => (step.connections ? [{users: step.users, peak: step.connections.peak}] : []))
    .sort((a, b) => a.users - b.users)
  const [first, last] = [known[0], known.at(-1)]
  if (!first || !last) return null
  const isOne = first.users === last.users
  const slope = isOne ? last.peak / last.users : Math.max(0, (last.peak - first.peak) / (last.users - first.users))
  // Those of a full pool are never more; what the pool did not open yet may still come.
  const most =
    limits.pool === null ? Infinity : Math.max(last.peak, limits.pool + Math.max(0, first.peak - limits.pool))
  const at = Math.min(most, last.peak + slope * (users - last.users))
  const low = isOne ? Math.min(at, last.peak) : at * 0.9
  return {value: at, low, high: Math.min(most, at * 1.1)}
}
