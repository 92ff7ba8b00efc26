import {number} from '../../units.js'
import {changesBetween} from '../journey/changes.js'
import {BEFORE_A_CHANGE} from '../journey/next.js'
import {type Compared, stepsOfRuns, userCounts} from '../journey/row.js'
import type {Run} from '../record.js'
import type {LadderStep} from '../steps.js'

/** Steps of earlier runs with fewer users than the one that is judged. */
export const lowerSteps = (earlier: readonly Compared[], tested: number | null): LadderStep[] =>
  tested === null ? [] : stepsOfRuns(earlier).filter(({users}) => users < tested)

/** Of several with the same users the last one counts: that of the run that is judged. */
export const distinct = (steps: LadderStep[]): LadderStep[] =>
  steps.filter((step, at) => steps.findLastIndex(({users}) => users === step.users) === at)

/** What is wrong with the runs that were given as earlier ones. */
export function earlierWarnings(run: Run, earlier: readonly Compared[], tested: number | null): string[] {
  const unused = earlier.filter(each => tested !== null && userCounts(each).every(users => users >= tested))
  const isChanged = earlier.some(
    each => changesBetween(each.run.snapshots.start, run.snapshots.start).changes.length > 0,
  )
  return [
    ...unused.map(({name}) => `${name} has no step below ${number(tested ?? 0)} users: nothing is predicted from it`),
    isChanged ? `${BEFORE_A_CHANGE} (ahsp-db loadtest compare lists the changes)` : '',
    ...earlier.flatMap(({name, run: {notes}}) => notes.map(note => `${name}: ${note}`)),
  ].filter(Boolean)
}
