import type {OptionUnit} from '../rule.js'

type QuantityUnit = Exclude<OptionUnit, 'names'>

/** Factors as in postgresql.conf: kB is 1024 bytes. */
const BYTES: Record<string, number> = {b: 1, kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3, tb: 1024 ** 4}
const MILLISECONDS: Record<string, number> = {ms: 1, s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000}

const AMOUNT = /^(\d+(?:\.\d+)?)\s*([a-z%]*)$/i

/** What a quantity of this unit looks like, for messages and the commented file. */
export const QUANTITY_HELP: Record<QuantityUnit, string> = {
  percent: 'a percentage such as 70%',
  seconds: 'a duration such as 60s, 5min or 2h',
  milliseconds: 'a duration such as 200ms or 5s',
  bytes: 'a size such as 256MB or 16GB',
  count: 'a number such as 10',
  ratio: 'a ratio such as 0.7 or 70%',
}

/** A YAML number is already in `unit`; a text carries its own unit and is converted. Undefined: not a quantity. */
export function parseQuantity(value: unknown, unit: QuantityUnit): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) && value >= 0 ? value : undefined
  const match = typeof value === 'string' ? AMOUNT.exec(value.trim()) : null
  if (!match) return undefined
  const amount = Number(match[1])
  const suffix = match[2]!.toLowerCase()
  if (suffix === '') return amount
  if (suffix === '%') return unit === 'percent' ? amount : unit === 'ratio' ? amount / 100 : undefined
  const factor = unit === 'bytes' ? BYTES[suffix] : isTime(unit) ? MILLISECONDS[suffix] : undefined
  if (factor === undefined) return undefined
  return unit === 'seconds' ? (amount * factor) / 1000 : amount * factor
}

const isTime = (unit: OptionUnit) => unit === 'seconds' || unit === 'milliseconds'

/** The largest unit that keeps the number whole: 268435456 bytes -> `256MB`. The inverse of parseQuantity. */
export function formatQuantity(value: number | string[], unit: OptionUnit): string {
  if (typeof value !== 'number') return `[${value.join(', ')}]`
  if (unit === 'percent') return `${value}%`
  if (unit === 'bytes') return largest(value, BYTES, {b: 'B', kb: 'kB', mb: 'MB', gb: 'GB', tb: 'TB'})
  if (unit === 'seconds') return largest(value * 1000, MILLISECONDS)
  if (unit === 'milliseconds') return largest(value, MILLISECONDS)
  return String(value)
}

function largest(value: number, factors: Record<string, number>, names: Record<string, string> = {}): string {
  const fits = Object.keys(factors).filter(unit => value !== 0 && value % factors[unit]! === 0)
  const unit = fits.at(-1) ?? Object.keys(factors)[0]!
  return `${value / factors[unit]!}${names[unit] ?? unit}`
}
