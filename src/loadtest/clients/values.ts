import {number} from '../../units.js'

const LONGEST_TEXT = 500
const LISTED = 200
const NUMBER = /^\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i
const LARGEST = 1e19
/** 2000 to 2100: anything else is no time of a load test. */
const FIRST_TIME = 946_684_800
const LAST_TIME = 4_102_444_800

/** A number of a file, not below 0; null for `N/A`, an empty field, or anything else. */
export const numberOf = (text: string | undefined): number | null =>
  text !== undefined && NUMBER.test(text) ? sane(Number(text)) : null

/** null for a number that nothing in a load test can have: times in nanoseconds are the largest. */
export const sane = (value: unknown): number | null =>
  typeof value === 'number' && value >= 0 && value <= LARGEST ? value : null

export function countOf(text: string | undefined): number | null {
  const value = numberOf(text)
  return Number.isSafeInteger(value) ? value : null
}

export const isTime = (at: number): boolean => at >= FIRST_TIME && at < LAST_TIME

/** Seconds since 1970 from a whole or decimal number of seconds, milli-, micro- or nanoseconds, or RFC 3339; or null. */
export function timeOf(text: string | undefined): number | null {
  let at = numberOf(text)
  if (at === null) {
    if (!text || !/^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d.*(?:Z|[+-]\d\d:?\d\d)$/.test(text)) return null
    at = Date.parse(text) / 1000
  }
  for (const unit of [1, 1e3, 1e6, 1e9]) if (isTime(at / unit)) return at / unit
  return null
}

/** A text of bounded length. A copy: a part of a piece of the file would keep the whole piece in memory. */
export function clip(text: string): string {
  const bounded = text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text
  return Buffer.from(bounded, 'utf8').toString('utf8')
}

export type Top<T> = {add(item: T): void; end(): {items: T[]; note: string | null}}

/** Keeps the items with the largest counts, the largest first; what is left out is told in a note, named by `what`. */
export function top<T>(what: string, unit: string, count: (item: T) => number): Top<T> {
  let items: T[] = []
  const left = {items: 0, count: 0}
  const shrink = () => {
    items.sort((a, b) => count(b) - count(a))
    for (const item of items.slice(LISTED)) {
      left.items += 1
      left.count += count(item)
    }
    items = items.slice(0, LISTED)
  }
  return {
    add(item) {
      items.push(item)
      if (items.length > 10 * LISTED) shrink()
    },
    end() {
      shrink()
      const note =
        left.items > 0
          ? `${number(left.items)} more ${what} with ${number(left.count)} ${unit} are counted, but not listed.`
          : null
      return {items, note}
    },
  }
}
