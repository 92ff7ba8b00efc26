import {number} from './render/units.js'

/** Numbers in the texts of rules, written as the reports write them. */
export {bytes, milliseconds, number, seconds} from './render/units.js'

const DAY = 86_400
const YEAR = 365.25 * DAY

/** `2027-03-14` (UTC), from seconds since 1970; a year of more than four digits is none that anybody plans for. */
export function date(at: number): string {
  const text = Number.isFinite(at) ? new Date(at * 1000) : null
  return text && at >= 0 && at < 253_402_300_800 ? text.toISOString().slice(0, 10) : 'unknown'
}

/** `in 5 h, on 2027-03-14`, `in 12 days, ...`, `in 4 years, ...`: as exact as an extrapolation deserves. */
export function timeLeftText({seconds: left, at}: {seconds: number; at: number}): string {
  if (left <= 0) return 'now'
  if (left >= 100 * YEAR) return 'not within 100 years'
  const about = (value: number, unit: string) => `${number(Number(value.toPrecision(2)))} ${unit}`
  const text =
    left < 2 * DAY ? wholeUnit(left) : left < 2 * YEAR ? about(left / DAY, 'days') : about(left / YEAR, 'years')
  return `in ${text}, on ${date(at)}`
}

const wholeUnit = (left: number) => (left < 3600 ? `${Math.ceil(left / 60)} min` : `${Math.round(left / 3600)} h`)
