import type {Activity, Section} from '../../snapshot.js'
import {type Family, familyText} from './families.js'

/** Between two look-ups of a loop a session is idle, but not for long; seconds. */
const PAUSE = 0.05

/** One session that happens to have asked last is no sign of a loop. */
const SEVERAL = 2

/**
 * How many sessions were in the middle of a loop with this look-up, as far as their last statements tell: some of
 * their rows were not looked up yet when the counters were read.
 */
export function loopsUnderWay(activity: Section<Activity>): (family: Family) => number {
  const counts = new Map<string, number>()
  if (!activity.ok) return () => 0
  const {at, sessions} = activity.data
  for (const {query, state, stateChange} of sessions) {
    if (state === 'idle' && (stateChange === null || at - stateChange > PAUSE)) continue
    const text = familyText(query, false)
    counts.set(text, (counts.get(text) ?? 0) + 1)
  }
  return ({text}) => {
    const count = counts.get(familyText(text, false)) ?? 0
    return count >= SEVERAL ? count : 0
  }
}
