import type {Limits} from './limits.js'
import {type Case, factor, type Model, ONE_STEP, SEVERAL_STEPS} from './model.js'
import {openOutcome} from './open.js'
import {innerRate, solveClosed, waitQuantile} from './queueing.js'

/** What is expected at so many users; seconds and connections. */
export type Outcome = {
  transactionsPerSecond: number
  busy: number
  busyPeak: number
  running: number
  waitSeconds: number
  /** of one transaction in twenty */
  waitP95: number
  holdSeconds: number
  thinkSeconds: number
}

type Cases = {think: Case; hold: Case}

/** The model at `users`, in one of its cases; kept, as each search asks again for what another one asked for. */
export function outcomeAt(model: Model, limits: Limits, users: number, cases: Cases): Outcome {
  const {limits: same, known} = kept.get(model) ?? {}
  const found = same === limits && known ? known : new Map<string, Outcome>()
  if (found !== known) kept.set(model, {limits, known: found})
  const key = `${users} ${cases.think} ${cases.hold}`
  const outcome = found.get(key) ?? solvedAt(model, limits, users, cases)
  found.set(key, outcome)
  return outcome
}

const kept = new WeakMap<Model, {limits: Limits; known: Map<string, Outcome>}>()

function solvedAt(model: Model, limits: Limits, users: number, cases: Cases): Outcome {
  const stretch = model.other.at(users, cases.hold)
  const cpu = model.cpuSeconds * (1 + factor(cases.hold) * (model.isAssumed ? ONE_STEP : SEVERAL_STEPS))
  const servers = limits.pool ?? Infinity
  if (model.isOpen) return openAt(model, limits, users, {cpu, stretch, which: cases.think})
  const thinkSeconds = model.think.at(users, cases.think)
  const rate = innerRate(cpu, Math.max(stretch, 1e-6), limits.cores, Math.min(servers, users))
  const system = {users, thinkSeconds, servers, rate}
  const {throughput, busy, busyPeak, waitSeconds: random} = solveClosed(system)
  const holdSeconds = busy / throughput
  // What a full pool leaves of the cycle is waited however the hold times vary.
  const full = Math.max(0, users * (holdSeconds / servers) - thinkSeconds - holdSeconds)
  const waitSeconds = Math.max(full, random * waitFactor(model.variability, cases.hold))
  return {
    transactionsPerSecond: throughput,
    busy,
    busyPeak,
    // What is left of a subtraction of equals is no session.
    running: busy - throughput * stretch > 1e-9 * busy ? busy - throughput * stretch : 0,
    waitSeconds,
    // Only one search asks for it, and it takes the most time.
    get waitP95() {
      return limits.pool === null || random === 0 ? 0 : waitQuantile(system, 0.95) * (waitSeconds / random)
    },
    holdSeconds,
    thinkSeconds,
  }
}

/** Hold times that are all the same wait half as long as exponential ones (Pollaczek and Khinchine). */
const CONSTANT = 0.5
const MOST_VARIABLE = 3

/** The formula's hold times vary exponentially; measured waits tell of others, doubted where they are long. */
function waitFactor(measured: number | null, which: Case): number {
  if (which === 'low') return CONSTANT
  if (which === 'expected') return Math.min(1, Math.max(CONSTANT, measured ?? 1))
  return Math.min(MOST_VARIABLE, Math.max(1, measured ?? 1))
}

/** As many requests per user as in the last step. */
function openAt(
  {last, isAssumed}: Model,
  {pool, cores}: Limits,
  users: number,
  own: {cpu: number; stretch: number; which: Case},
): Outcome {
  const doubt = isAssumed ? ONE_STEP : SEVERAL_STEPS
  const perSecond = (last.transactionsPerSecond / last.users) * users * (1 - factor(own.which) * doubt)
  const outcome = openOutcome({perSecond, cpuSeconds: own.cpu, otherSeconds: own.stretch, pool, cores})
  return {...outcome, thinkSeconds: 0}
}
