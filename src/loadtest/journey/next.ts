import {type Breaking, breakingUsers} from '../breaking.js'
import {limitsOf} from '../limits.js'
import {type Prediction, predict} from '../predict.js'
import type {LadderStep} from '../steps.js'
import {ladderOf, phaseAt} from '../verdict/phases.js'
import {type Compared, factsAt, userCounts} from './row.js'

/** What the next number of users will bring, by all runs together. */
export type Next = {prediction: Prediction; breaking: Breaking; notes: string[]}

export type Asked = {
  users: number
  /** of the server; null: as told to `loadtest watch` */
  cores: number | null
  /** something was changed between the runs */
  isChanged: boolean
}

/** From the steps of all runs; where several had the same users the last one counts, with its limits. Pure. */
export function nextOf(runs: readonly Compared[], {users, cores, isChanged}: Asked): Next {
  const steps = new Map<number, LadderStep>()
  for (const run of runs) {
    for (const count of userCounts(run)) steps.set(count, factsAt(run, count).facts.step)
  }
  const last = runs.at(-1)!.run
  const known = [...steps.values()].filter(step => step.users > 0).sort((a, b) => a.users - b.users)
  const limits = limitsOf(last, {cores, p95Ms: phaseAt(ladderOf(), users).p95})
  return {
    prediction: predict(known, users, limits),
    breaking: breakingUsers(known, limits),
    notes: isChanged && known.length > 1 ? ['Steps from before a change count as if it had been there already'] : [],
  }
}
