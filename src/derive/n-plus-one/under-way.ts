import type {Activity, Section} from '../../snapshot.js'
import {familyText} from './families.js'
import type {Workload} from './workload.js'

/** Between two look-ups of a loop a session is idle, but not for long. */
const PAUSE = 1

/** Sessions in the middle of a loop, as far as their last statement tells: some of its rows are not looked up yet. */
export function loopsUnderWay(activity: Section<Activity>, {lookups}: Workload): number {
  if (!activity.ok) return 0
  const texts = new Set(lookups.map(({family}) => familyText(family.text, false)))
  const {at, sessions} = activity.data
  return sessions.filter(
    ({query, state, stateChange}) =>
      (state !== 'idle' || (stateChange !== null && at - stateChange <= PAUSE)) && texts.has(familyText(query, false)),
  ).length
}
