import {resolveConninfo} from '../connect/conninfo.js'
import type {ConnectionSettings} from '../connect/settings.js'
import type {CliError} from '../errors.js'
import type {HistoryTarget} from '../history/store.js'
import {duration} from './quantity.js'

export type LockFlags = {'wait-lock'?: string; snapshot?: string[]}

/**
 * Takes the lock of the target; what comes back releases it, and so does the end of the process. `conninfo` as for
 * acquireSnapshot; files of snapshots are nobody's. Throws BUSY (exit 75), and what resolveConninfo throws.
 */
export async function lockRun(
  conninfo: string | undefined,
  {snapshot, 'wait-lock': wait}: LockFlags,
  place: string | undefined,
): Promise<() => Promise<void>> {
  if (snapshot !== undefined) return async () => {}
  const {takeLock} = await import('./lock.js')
  const target = targetToLock(await resolveConninfo(conninfo, process.env))
  const waitMs = wait === undefined ? 0 : duration('--wait-lock', wait)
  return takeLock({target, place, waitMs}).catch((error: CliError) => {
    // Where no lock can be written no run can be saved either: that is told when the report is out, not instead of it.
    if (error.code === 'LOCK') return async () => {}
    throw error
  })
}

/** Known before anything connects: of several hosts all, for nobody knows yet which one answers. */
export function targetToLock({hosts, database}: Pick<ConnectionSettings, 'hosts' | 'database'>): HistoryTarget {
  const names = [...new Set(hosts.map(({host}) => host))].sort()
  return {host: names.join(','), port: Math.min(...hosts.map(({port}) => port)), database}
}
