import type {Evidence} from '../rule.js'
import type {StatementsInfo} from '../snapshot.js'
import {seconds} from '../units.js'
import type {Query} from './queries.js'

/** Different values of the parameters, for showing what they do to the saving. */
const SOME_VALUES = 10

/** What a cache would save of a statement's calls, in percent. */
export type Saving = {
  /** calls within one time to live */
  perTtl: number
  /** when all of them had the same values */
  atMost: number
  /** when they had SOME_VALUES different ones */
  withSomeValues: number
}

/** null: since when its calls are counted is not known (before 14). `now` and `ttl` in seconds. */
export function savingOf(
  {calls, statsSince}: Query,
  {statsReset}: StatementsInfo,
  now: number,
  ttl: number,
): Saving | null {
  const since = Math.max(statsSince ?? 0, statsReset ?? 0)
  if (since === 0) return null
  // Counted for less than one ttl: at least so many.
  const perTtl = (calls * ttl) / Math.max(ttl, now - since)
  const saved = (answers: number) => Math.max(0, (1 - answers / perTtl) * 100)
  return {perTtl, atMost: saved(1), withSomeValues: saved(SOME_VALUES)}
}

export function savingEvidence(saving: Saving | null, ttl: number): Evidence[] {
  if (!saving) return []
  const span = seconds(ttl)
  return [
    {label: `calls in ${span}`, value: saving.perTtl, unit: 'count', source: 'calls / time counted'},
    {
      label: 'saved at most',
      value: saving.atMost,
      unit: 'percent',
      source: `one call in ${span}: all have the same values`,
    },
    {
      label: `saved with ${SOME_VALUES} different values`,
      value: saving.withSomeValues,
      unit: 'percent',
      source: `${SOME_VALUES} calls in ${span}`,
    },
  ]
}
