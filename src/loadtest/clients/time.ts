import {usageError} from '../../errors.js'
import {isTime} from './values.js'

const FORM =
  /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?\s?(?:(Z|UTC|GMT)|([+-])(\d\d):?(\d\d)?)?$/i

/**
 * Reads a time of `flag`: ISO 8601 with a zone, or seconds (or milliseconds) since 1970. Without a zone it is that of
 * this machine, and `note` says so. `at` is seconds since 1970. Throws CliError when it is anything else.
 */
export function parseTime(text: string, flag: string): {at: number; note: string | null} {
  const trimmed = text.trim()
  if (/^\d{9,13}(\.\d+)?$/.test(trimmed)) {
    const value = Number(trimmed)
    const at = isTime(value) ? value : value / 1000
    if (isTime(at)) return {at, note: null}
  }
  const found = FORM.exec(trimmed)
  const at = found && secondsOf(found)
  if (!found || at === null || !isTime(at)) {
    throw usageError(
      `${flag} is ${JSON.stringify(text)}`,
      'give a time with its zone such as 2027-03-14T10:15:00+01:00, or seconds since 1970',
    )
  }
  if (found[8] || found[9]) return {at, note: null}
  return {at, note: `${flag} ${trimmed} has no zone: taken as ${offsetOf(at)}, the zone of this machine.`}
}

/** null: there is no such day, hour or zone. */
function secondsOf(found: RegExpExecArray): number | null {
  const [year, month, day, hour, minute, second] = found.slice(1, 7).map(part => Number(part ?? 0)) as number[]
  const parts = [year!, month! - 1, day!, hour!, minute!, second!] as const
  const wall = new Date(Date.UTC(...parts))
  const exists = [wall.getUTCMonth(), wall.getUTCDate(), wall.getUTCHours(), wall.getUTCMinutes(), wall.getUTCSeconds()]
  if (exists.some((part, i) => part !== parts[i + 1])) return null
  const fraction = Number(`0.${found[7] ?? 0}`)
  if (!found[8] && !found[9]) return new Date(...parts).getTime() / 1000 + fraction
  const [hours, minutes] = [Number(found[10] ?? 0), Number(found[11] ?? 0)]
  if (hours > 14 || minutes > 59) return null
  return wall.getTime() / 1000 + fraction - (found[9] === '-' ? -1 : 1) * (hours * 3600 + minutes * 60)
}

function offsetOf(at: number): string {
  const minutes = -new Date(at * 1000).getTimezoneOffset()
  const two = (value: number) => String(value).padStart(2, '0')
  return `UTC${minutes < 0 ? '-' : '+'}${two(Math.floor(Math.abs(minutes) / 60))}:${two(Math.abs(minutes) % 60)}`
}
