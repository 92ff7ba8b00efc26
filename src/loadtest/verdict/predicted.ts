import {number} from '../../units.js'
import {type Estimate, MAX_EXTRAPOLATION} from '../estimates.js'
import {ACTIVE_PER_CORE, type Limits} from '../limits.js'
import {type Prediction, predict} from '../predict.js'
import type {LadderStep} from '../steps.js'
import {condition} from './condition.js'
import {type Phase, phaseAfter} from './phases.js'
import type {Condition} from './types.js'

/** `basedOn`: users of the steps that were run; empty: nothing is predicted. */
type Predicted = {basedOn: number[]; conditions: Condition[]}

/** What the next step needs, as far as may be told: never beyond 2.5 times the tested users. */
export function predictedConditions(
  tested: number,
  users: number,
  ladder: readonly Phase[],
  steps: readonly LadderStep[],
  limits: Limits,
): Predicted {
  const most = Math.floor(MAX_EXTRAPOLATION * tested)
  const after = phaseAfter(ladder, tested)?.users ?? null
  if (after !== null && users > after) return {basedOn: [], conditions: [skipped(users, after)]}
  // The ladder's own first step is three times as high: then as far as it may be told.
  if (users > most && users !== after) return {basedOn: [], conditions: [tooFar(users, most, tested)]}
  const at = Math.min(users, most)
  const prediction = predict(steps, at, limits)
  const {known, from, refused} = prediction
  const source = `${known} for ${number(at)} users, from steps with ${from.map(number).join(', ')}`
  const note = refused ?? `${source}${at < users ? ', as far as can be told' : ''}`
  const conditions = [poolCondition(prediction, limits, note), runningCondition(prediction, limits, note)]
  return {basedOn: refused ? [] : from, conditions}
}

const skipped = (users: number, after: number): Condition => ({
  name: 'one step at a time',
  measured: `${number(users)} users`,
  limit: `<= ${number(after)} users`,
  margin: null,
  result: 'failed',
  note: `it skips the step with ${number(after)} users`,
  isEssential: true,
})

const tooFar = (users: number, most: number, tested: number): Condition => ({
  ...skipped(users, most),
  note: `nothing can be told beyond ${MAX_EXTRAPOLATION} times the ${number(tested)} that were tested`,
})

function poolCondition(prediction: Prediction, {pool, usable}: Limits, note: string): Condition {
  const [needed, limit] = pool === null ? [prediction.connections, usable] : [prediction.busyPeak, pool]
  const name = pool === null ? 'predicted connections' : 'predicted pool'
  return estimated(
    name,
    needed,
    limit,
    limit === null ? 'neither a pool nor max_connections is known' : note,
    prediction,
  )
}

function runningCondition(prediction: Prediction, {cores}: Limits, note: string): Condition {
  const limit = cores === null ? null : ACTIVE_PER_CORE * cores
  const text = cores === null ? 'the cores are not known: give --cpus N' : note
  return estimated('predicted active sessions', prediction.running, limit, text, prediction)
}

/** Beyond the limit only in the expected case, or on an assumption, is no proof: it makes the step conditional. */
function estimated(
  name: string,
  estimate: Estimate | null,
  limit: number | null,
  note: string,
  {known}: Prediction,
): Condition {
  const value = limit === null || estimate === null ? null : Math.ceil(estimate.value * 10) / 10
  const judged = condition({name, value, limit: limit ?? 0, unit: number, note})
  if (judged.result !== 'failed' || limit === null || estimate === null) return judged
  if (known === 'estimated' && estimate.low > limit) return judged
  const range = `${number(Math.round(estimate.low))} to ${number(Math.round(estimate.high))}`
  return {...judged, result: 'unknown', note: `may not fit (${range}); ${note}`}
}
