import {type Breaking, breakingUsers} from '../breaking.js'
import {limitsOf} from '../limits.js'
import {type Prediction, predict} from '../predict.js'
import {type Phase, phaseAt} from '../verdict/phases.js'
import {type Compared, stepsOfRuns} from './row.js'

/** What the next number of users will bring, by all runs together. */
export type Next = {prediction: Prediction; breaking: Breaking; notes: string[]}

export const BEFORE_A_CHANGE = 'Steps from before a change count as if it had been there already'

export type Asked = {
  users: number
  /** of the server; null: as told to `loadtest watch` */
  cores: number | null
  ladder: readonly Phase[]
  /** something was changed between the runs */
  isChanged: boolean
}

/** From the steps of all runs; where several had the same users the last one counts, with its limits. Pure. */
export function nextOf(runs: readonly Compared[], {users, cores, ladder, isChanged}: Asked): Next {
  const last = runs.at(-1)!.run
  const known = stepsOfRuns(runs)
  const limits = limitsOf(last, {cores, p95Ms: phaseAt(ladder, users).p95})
  return {
    prediction: predict(known, users, limits),
    breaking: breakingUsers(known, limits),
    notes: isChanged && known.length > 1 ? [BEFORE_A_CHANGE] : [],
  }
}
