import {number} from '../../units.js'
import type {Condition} from './types.js'

/** Percent of a limit: nearer than this is tight. */
const TIGHT = 10

export const UNKNOWN = 'not known'

type Measure = {
  name: string
  value: number | null
  limit: number
  unit: (value: number) => string
  /** where it comes from, or why it is not known */
  note: string
  isEssential?: boolean
  /** the limit itself fails */
  isStrict?: boolean
}

/** A value that must not exceed a limit; the margin is in percent of the limit. */
export function condition({name, value, limit, unit, note, isEssential = false, isStrict = false}: Measure): Condition {
  const text = limit === 0 && unit === number ? 'none' : `${isStrict ? '<' : '<='} ${unit(limit)}`
  const base = {name, limit: text, note, isEssential}
  if (value === null) return {...base, measured: UNKNOWN, margin: null, result: 'unknown'}
  const isOver = isStrict ? value >= limit : value > limit
  const margin = limit > 0 ? ((limit - value) / limit) * 100 : null
  const result = isOver ? 'failed' : margin !== null && margin < TIGHT ? 'tight' : 'met'
  return {...base, measured: unit(value), margin, result}
}

export const percent = (value: number): string => `${number(value)} %`
