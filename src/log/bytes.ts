/** Readers of single fields at a position of a buffer: no strings are made for the millions of lines of a log. */

const ZERO = 48
const NINE = 57
const DAY_MS = 86_400_000

export const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= ZERO && byte <= NINE

const two = (buf: Uint8Array, at: number) => (buf[at]! - ZERO) * 10 + buf[at + 1]! - ZERO

let cachedDay = -1
let cachedDayMs = 0

/** `2027-03-14 10:11:12` or `...12.345` at `at` as milliseconds of the log's own clock (its zone is not added); or -1. */
export function timeAt(buf: Uint8Array, at: number): number {
  if (buf[at + 4] !== 45 || buf[at + 7] !== 45 || buf[at + 10] !== 32 || buf[at + 13] !== 58 || buf[at + 16] !== 58) {
    return -1
  }
  const year = two(buf, at) * 100 + two(buf, at + 2)
  const day = year * 512 + two(buf, at + 5) * 32 + two(buf, at + 8)
  if (day !== cachedDay) {
    cachedDay = day
    cachedDayMs = Date.UTC(year, two(buf, at + 5) - 1, two(buf, at + 8))
  }
  const ms = hasMilliseconds(buf, at) ? (buf[at + 20]! - ZERO) * 100 + two(buf, at + 21) : 0
  const time = cachedDayMs + two(buf, at + 11) * 3_600_000 + two(buf, at + 14) * 60_000 + two(buf, at + 17) * 1000 + ms
  return time >= 0 && time < cachedDayMs + DAY_MS + 60_000 ? time : -1
}

export const hasMilliseconds = (buf: Uint8Array, at: number): boolean =>
  buf[at + 19] === 46 && isDigit(buf[at + 20]) && isDigit(buf[at + 22])

/** A decimal number at `at`, up to the first other byte; NaN when there is none. */
export function numberAt(buf: Uint8Array, at: number, end: number): number {
  let value = 0
  let scale = 0
  let i = at
  for (; i < end; i += 1) {
    const byte = buf[i]!
    if (byte >= ZERO && byte <= NINE) {
      value = value * 10 + byte - ZERO
      scale *= 10
    } else if (byte === 46 && scale === 0) scale = 1
    else break
  }
  return i === at ? Number.NaN : value / (scale || 1)
}

const hexDigit = (byte: number): number => {
  if (byte >= ZERO && byte <= NINE) return byte - ZERO
  const letter = byte | 32
  return letter >= 97 && letter <= 102 ? letter - 87 : -1
}

/** Where the session id (`%c`: two hexadecimal numbers with a dot) ends that starts at `at`; -1 when there is none. */
export function sessionEnd(buf: Uint8Array, at: number, end: number): number {
  let dot = -1
  let i = at
  for (; i < end; i += 1) {
    if (buf[i] === 46 && dot < 0) dot = i
    else if (hexDigit(buf[i]!) < 0) break
  }
  return dot > at && i > dot + 1 ? i : -1
}

/** The session id as one number: start time and process. */
export function sessionAt(buf: Uint8Array, at: number, end: number): number {
  let start = 0
  let pid = 0
  let i = at
  for (; i < end && buf[i] !== 46; i += 1) start = start * 16 + hexDigit(buf[i]!)
  for (i += 1; i < end; i += 1) pid = pid * 16 + hexDigit(buf[i]!)
  return (start % 2 ** 31) * 2 ** 22 + (pid % 2 ** 22)
}

/** Does the ASCII text `word` stand at `at`? */
export function startsWith(buf: Uint8Array, at: number, end: number, word: Uint8Array): boolean {
  if (at + word.length > end) return false
  for (let i = 0; i < word.length; i += 1) if (buf[at + i] !== word[i]) return false
  return true
}

export const ascii = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'))
