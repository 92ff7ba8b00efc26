/** Numbers as people read them; the same input always gives the same text, in English. */

const SIZES = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']

/** `value` with its unit (see Unit in rule.ts); texts and unknown units are passed through. */
export function formatValue(value: string | number, unit?: string): string {
  if (typeof value === 'string') return unit && !isKnown(unit) ? `${value} ${unit}` : value
  if (!Number.isFinite(value)) return 'unknown'
  switch (unit) {
    case 'bytes':
      return bytes(value)
    case 'seconds':
      return seconds(value)
    case 'milliseconds':
      return milliseconds(value)
    case 'percent':
      return `${number(value)} %`
    case 'per second':
      return `${number(value)}/s`
    case 'count':
    case undefined:
      return number(value)
    default:
      return `${number(value)} ${unit}`
  }
}

/** Longer texts (statements) are whole in the JSON report only. */
const LONGEST_TEXT = 160

/** formatValue() for reports that people read: on one line, and cut where it is long. */
export function shownValue(value: string | number, unit?: string): string {
  const text = formatValue(value, unit).replaceAll(/\s+/g, ' ').trim()
  if (text.length <= LONGEST_TEXT) return text
  const end = text.lastIndexOf(' ', LONGEST_TEXT)
  return `${text.slice(0, end > 0 ? end : LONGEST_TEXT)} ...`
}

/** 1024-based, as PostgreSQL counts: 1536 -> `1.5 kB`. */
export function bytes(value: number): string {
  if (value < 0) return `-${bytes(-value)}`
  let size = value
  let step = 0
  while (size >= 1023.5 && step < SIZES.length - 1) {
    size /= 1024
    step++
  }
  return `${number(size)} ${SIZES[step]}`
}

/** 4000 -> `1 h 6 min`: the two largest units, which is as exact as anybody needs. */
export function seconds(value: number): string {
  if (!Number.isFinite(value)) return 'unknown'
  if (value < 0) return `-${seconds(-value)}`
  if (value !== 0 && value < 1) return `${number(value * 1000)} ms`
  const whole = Math.round(value)
  if (whole < 60) return `${number(value)} s`
  if (whole < 3600) return pair(whole, 60, 'min', 1, 's')
  if (whole < 86_400) return pair(whole, 3600, 'h', 60, 'min')
  return pair(whole, 86_400, 'd', 3600, 'h')
}

export function milliseconds(value: number): string {
  return Math.abs(value) < 1000 ? `${number(value)} ms` : seconds(value / 1000)
}

/** Three significant digits below 100, whole numbers with thousands separators above. */
export function number(value: number): string {
  if (!Number.isFinite(value)) return 'unknown'
  if (Number.isInteger(value) || Math.abs(value) >= 100) {
    return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',')
  }
  return String(Number(value.toPrecision(3)))
}

function pair(value: number, large: number, largeName: string, small: number, smallName: string): string {
  const rest = Math.floor((value % large) / small)
  return `${number(Math.floor(value / large))} ${largeName}${rest ? ` ${rest} ${smallName}` : ''}`
}

const isKnown = (unit: string) => ['bytes', 'seconds', 'milliseconds', 'percent', 'per second', 'count'].includes(unit)
