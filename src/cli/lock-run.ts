import {resolveConninfo} from '../connect/conninfo.js'
import type {ConnectionSettings} from '../connect/settings.js'
import type {HistoryTarget} from '../history/store.js'
import {duration} from './quantity.js'

export type LockFlags = {history?: string; 'wait-lock'?: string}

/**
 * Takes the lock of the target until this process ends. `conninfo` as for acquireSnapshot. Throws what takeLock and
 * resolveConninfo throw.
 */
export async function lockRun(conninfo: string | undefined, flags: LockFlags, place = flags.history): Promise<void> {
  const {takeLock} = await import('./lock.js')
  const target = targetToLock(await resolveConninfo(conninfo, process.env))
  await takeLock({target, place, waitMs: waitMsOf(flags)})
}

export const waitMsOf = ({'wait-lock': wait}: LockFlags): number =>
  wait === undefined ? 0 : duration('--wait-lock', wait)

/** Known before anything connects: of several hosts all, for nobody knows yet which one answers. */
export function targetToLock({hosts, database}: Pick<ConnectionSettings, 'hosts' | 'database'>): HistoryTarget {
  const names = [...new Set(hosts.map(({host}) => host))].sort()
  return {host: names.join(','), port: Math.min(...hosts.map(({port}) => port)), database}
}
