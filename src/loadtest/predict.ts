import {firstLink, type LinkBreak, linksOver} from './breaking.js'
import {casesOf, connectionsAt, type Estimate, estimate, MAX_EXTRAPOLATION, p95At} from './estimates.js'
import type {Limits} from './limits.js'
import {type Method, methodsOf} from './methods.js'
import {isMeasured, type Model, modelOf} from './model.js'
import type {Outcome} from './outcome.js'
import type {LadderStep} from './steps.js'
import {fitUsl, type Usl} from './usl.js'

/** What to expect at the next number of users; null where nothing tells. */
export type Prediction = {
  users: number
  /** users of the steps that it was made from */
  from: number[]
  /** why there are no numbers; null: there are */
  refused: string | null
  transactionsPerSecond: Estimate | null
  requestsPerSecond: Estimate | null
  /** milliseconds, of requests */
  p95: Estimate | null
  /** connections in use on average, and in all but one of a hundred moments */
  busy: Estimate | null
  busyPeak: Estimate | null
  /** sessions on a processor, or waiting for one; null: the cores are not known */
  running: Estimate | null
  /** connections that are open, at most */
  connections: Estimate | null
  /** milliseconds that a transaction waits for a connection, on average; null: no pool is known */
  waitMs: Estimate | null
  /** the link that breaks first on the way to `users`; null: none is expected to */
  first: LinkBreak | null
  /** assumed: one step only */
  known: 'estimated' | 'assumed'
  methods: Method[]
  /** throughput of the last step as the steps before it would have told; null: there are none */
  check: {users: number; predicted: number; measured: number} | null
  notes: string[]
}

/** Throughput, P95, busy connections and the first link to break at `users`, from the steps that were run. Pure. */
export function predict(steps: readonly LadderStep[], users: number, limits: Limits): Prediction {
  const model = modelOf(steps, limits)
  const from = steps
    .filter(isMeasured)
    .map(step => step.users)
    .sort((a, b) => a - b)
  if (!model) return nothing(users, from, 'no step has both a throughput and busy connections')
  const most = MAX_EXTRAPOLATION * model.last.users
  if (users > most) {
    const why = `${users} users are more than ${MAX_EXTRAPOLATION} times the ${model.last.users} that were tested`
    return nothing(users, from, `${why}: test at ${Math.floor(most)} or fewer first`)
  }
  const usl = model.think.isGrowing || model.other.isGrowing ? fitUsl(throughputs(steps)) : null
  const outcomes = casesOf(model, limits, users).map(outcome =>
    usl ? bounded(outcome, usl.at(users), limits) : outcome,
  )
  const of = (value: (outcome: Outcome) => number) => estimate(outcomes.map(value))
  const transactions = of(({transactionsPerSecond}) => transactionsPerSecond)
  const {perRequest} = model
  return {
    users,
    from,
    refused: null,
    transactionsPerSecond: transactions,
    requestsPerSecond: perRequest === null ? null : scaled(transactions, 1 / perRequest),
    p95: p95At(model, limits, users),
    busy: of(({busy}) => busy),
    busyPeak: of(({busyPeak}) => busyPeak),
    running: limits.cores === null ? null : of(({running}) => running),
    connections: connectionsAt(steps, users, limits),
    waitMs: limits.pool === null ? null : of(({waitSeconds}) => waitSeconds * 1000),
    first: firstLink(linksOver(steps, limits, users)),
    known: model.isAssumed ? 'assumed' : 'estimated',
    methods: methodsOf(model, limits, usl),
    check: checkOf(steps, limits),
    notes: notesOf(model, limits, usl),
  }
}

const scaled = ({value, low, high}: Estimate, by: number): Estimate => ({
  value: value * by,
  low: low * by,
  high: high * by,
})

const throughputs = (steps: readonly LadderStep[]) =>
  steps.filter(isMeasured).map(step => ({users: step.users, throughput: step.transactionsPerSecond}))

/** The law knows nothing of the pool's end; where it promises less than the times do, it is nearer. */
function bounded(outcome: Outcome, lawful: number, {pool}: Limits): Outcome {
  const most = pool === null ? Infinity : pool / outcome.holdSeconds
  const transactionsPerSecond = Math.min(outcome.transactionsPerSecond, Math.min(lawful, most))
  return {...outcome, transactionsPerSecond, busy: transactionsPerSecond * outcome.holdSeconds}
}

function checkOf(steps: readonly LadderStep[], limits: Limits): Prediction['check'] {
  const measured = steps.filter(isMeasured).sort((a, b) => a.users - b.users)
  const last = measured.at(-1)!
  const model = modelOf(measured.slice(0, -1), limits)
  if (!model) return null
  const {transactionsPerSecond} = casesOf(model, limits, last.users)[0]!
  return {users: last.users, predicted: transactionsPerSecond, measured: last.transactionsPerSecond}
}

function notesOf(model: Model, limits: Limits, usl: Usl | null): string[] {
  return [
    model.isAssumed ? 'One step was run: that hold and think times stay as they are is assumed.' : '',
    model.other.isGrowing ? 'Transactions hold their connection longer with more users: look for locks.' : '',
    model.think.isGrowing
      ? 'The time outside the database grows with the users: the application, or the load generator, queues.'
      : '',
    model.isOpen ? 'More transactions at once than users: requests are taken to come at a rate, not from users.' : '',
    limits.pool === null ? 'No pool is known: waiting for a connection is not predicted.' : '',
    limits.pools > 1 ? 'Several pools are taken for one: the fullest of them breaks earlier.' : '',
    limits.cores === null ? 'The cores are not known (--cpus N): that the processors keep up is assumed.' : '',
    usl && usl.residual < 1e-6
      ? 'The scalability law has as many parameters as there are steps: its fit proves nothing.'
      : '',
  ].filter(Boolean)
}

const nothing = (users: number, from: number[], refused: string): Prediction => ({
  users,
  from,
  refused,
  transactionsPerSecond: null,
  requestsPerSecond: null,
  p95: null,
  busy: null,
  busyPeak: null,
  running: null,
  connections: null,
  waitMs: null,
  first: null,
  known: 'assumed',
  methods: [],
  check: null,
  notes: [],
})
