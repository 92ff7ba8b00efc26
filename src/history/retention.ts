import type {HistoryHead, Retention} from './store.js'

const DAY = 86_400

export const DEFAULT_RETENTION: Retention = {age: 90 * DAY, count: 1000}

/**
 * The entries of one target that are beyond the retention; `heads` are newest first, `now` is this machine's clock.
 * Never the newest. Pure.
 */
export function expired(heads: readonly HistoryHead[], {age, count}: Retention, now: number): HistoryHead[] {
  const newest = heads[0]
  if (!newest) return []
  // One clock that runs ahead, the server's or this machine's, must not remove everything.
  const today = Math.min(newest.at, now)
  return heads.slice(1).filter(({at}, index) => index + 1 >= count || at < today - age)
}
