import type {Activity, Section} from '../../snapshot.js'
import {type Family, familyText} from './families.js'

/** Between two look-ups of a loop a session is idle, but not for long; seconds, of a busy application. */
const PAUSE = 0.5

/** How many sessions have just sent this look-up: those in the middle of a loop have rows left to look up. */
export function loopsUnderWay(activity: Section<Activity>): (family: Family) => number {
  const counts = new Map<string, number>()
  if (!activity.ok) return () => 0
  const {at, sessions} = activity.data
  for (const {query, state, stateChange} of sessions) {
    if (state === 'idle' && (stateChange === null || at - stateChange > PAUSE)) continue
    const text = familyText(query, false)
    counts.set(text, (counts.get(text) ?? 0) + 1)
  }
  return ({text}) => counts.get(familyText(text, false)) ?? 0
}
