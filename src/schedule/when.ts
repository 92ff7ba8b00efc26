import {usageError} from '../errors.js'

/** How often: every so many minutes (of the hour) or hours (of the day), or once a day. */
export type When =
  | {kind: 'minutes'; each: number}
  | {kind: 'hours'; each: number}
  | {kind: 'daily'; hour: number; minute: number}

const HELP = 'give 5min to 30min or 1h to 12h that divide the hour or the day evenly (15min, 6h), or: daily 06:00'

/** `15m`, `15min`, `6h`, `daily`, `daily 06:00`. Throws CliError (exit 2): cron cannot express all others. */
export function parseWhen(text: string): When {
  const [, amount, unit] = /^(\d{1,3})\s*(m|min|h)$/.exec(text.trim()) ?? []
  const [daily, hour = '6', minute = '0'] = /^daily(?:\s+(\d{1,2}):(\d\d))?$/.exec(text.trim()) ?? []
  if (daily !== undefined && Number(hour) < 24 && Number(minute) < 60) {
    return {kind: 'daily', hour: Number(hour), minute: Number(minute)}
  }
  const minutes = Number(amount) * (unit === 'h' ? 60 : 1)
  if (minutes >= 1 && minutes < 60 && 60 % minutes === 0) return {kind: 'minutes', each: minutes}
  const hours = minutes / 60
  if (Number.isInteger(hours) && hours < 24 && 24 % hours === 0) return {kind: 'hours', each: hours}
  if (hours === 24) return {kind: 'daily', hour: 6, minute: 0}
  throw usageError(`--every is ${JSON.stringify(text)}`, HELP)
}

/** The five fields of cron. */
export function cronOf(when: When): string {
  if (when.kind === 'daily') return `${when.minute} ${when.hour} * * *`
  if (when.kind === 'minutes') return `${each(when.each)} * * * *`
  return `0 ${each(when.each)} * * *`
}

const each = (count: number) => (count === 1 ? '*' : `*/${count}`)

const two = (number: number) => String(number).padStart(2, '0')

/** OnCalendar= of systemd. */
export function calendarOf(when: When): string {
  if (when.kind === 'daily') return `*-*-* ${two(when.hour)}:${two(when.minute)}:00`
  return when.kind === 'minutes' ? `*-*-* *:00/${when.each}:00` : `*-*-* 00/${when.each}:00:00`
}
