import type {Setting} from '../snapshot.js'
import {settingMs, settingNumber} from './settings.js'

const PAGE = 8192

/** Bytes per second of pages that vacuum may dirty, which is what costs most; all workers share it. */
export function dirtyRate(settings: readonly Setting[]): number {
  const own = settingMs(settings, 'autovacuum_vacuum_cost_delay')
  const limit = costLimit(settings)
  if (own === 0) return Number.POSITIVE_INFINITY
  const perPage = settingNumber(settings, 'vacuum_cost_page_dirty')
  return own < 0 || perPage === 0 ? Number.POSITIVE_INFINITY : (limit / perPage) * PAGE * (1000 / own)
}

/** -1 takes over the one of VACUUM by hand. */
export function costLimit(settings: readonly Setting[]): number {
  const own = settingNumber(settings, 'autovacuum_vacuum_cost_limit')
  return own > 0 ? own : settingNumber(settings, 'vacuum_cost_limit')
}
