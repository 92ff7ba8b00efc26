import {formatQuantity} from '../config/quantity.js'
import {baseValue} from '../fix/values.js'
import type {Activity, Database, FileSetting, RoleSetting, Section, Setting} from '../snapshot.js'
import {overrideFor, setting, settingBytes, settingNumber} from './settings.js'

const KB = 1024
const MB = KB * KB

/** `268435456` -> `256MB`, as postgresql.conf wants it. */
export const sizeText = (bytes: number): string => formatQuantity(bytes, 'bytes')

/** Down to one of eight steps per doubling: a quarter of 15.5 GB becomes 3840MB, not 4063232kB. */
export const roundSize = (bytes: number): number => Math.floor(bytes / step(bytes, 3)) * step(bytes, 3)

/** The largest of 1MB, 1536kB, 2MB, 3MB, 4MB, 6MB, 8MB, ... that is not above `bytes`; 0 below 1MB. */
export const floorWorkMem = (bytes: number): number =>
  bytes < MB ? 0 : Math.floor(bytes / step(bytes, 1)) * step(bytes, 1)

/** The smallest of the same steps that is not below `bytes`. */
export const ceilWorkMem = (bytes: number): number =>
  bytes <= MB ? MB : Math.ceil(bytes / step(bytes, 1)) * step(bytes, 1)

/** The unit in which a number has `bits` + 1 significant binary digits. */
const step = (bytes: number, bits: number) => Math.max(KB, 2 ** (Math.floor(Math.log2(bytes)) - bits))

/** Read by worstCase; rules that use it declare them. */
export const WORST_CASE_SETTINGS = [
  'shared_buffers',
  'work_mem',
  'maintenance_work_mem',
  'autovacuum_work_mem',
  'autovacuum_max_workers',
  'max_parallel_workers',
  'max_parallel_workers_per_gather',
] as const

export type WorstCase = {
  /** bytes that are taken whatever work_mem is: shared_buffers and the maintenance of autovacuum */
  fixed: number
  /** backends and parallel workers that fill work_mem at once, times hash_mem_multiplier */
  shares: number
  total: number
  formula: string
}

/** Memory when `connections` are open and `busyPercent` of them fill `workMem` (bytes) at the same moment. */
export function worstCase(
  settings: readonly Setting[],
  connections: number,
  busyPercent: number,
  workMem: number,
): WorstCase {
  const busy = Math.ceil((connections * busyPercent) / 100)
  const perGather = settingNumber(settings, 'max_parallel_workers_per_gather')
  const parallel = Math.min(settingNumber(settings, 'max_parallel_workers'), busy * perGather)
  const multiplier = settings.some(({name}) => name === 'hash_mem_multiplier')
    ? settingNumber(settings, 'hash_mem_multiplier')
    : 1
  const sharedBuffers = settingBytes(settings, 'shared_buffers')
  const workers = settingNumber(settings, 'autovacuum_max_workers')
  const each = autovacuumWorkMem(settings)
  const fixed = sharedBuffers + workers * each
  const shares = (busy + parallel) * multiplier
  return {
    fixed,
    shares,
    total: fixed + shares * workMem,
    formula:
      `shared_buffers ${sizeText(sharedBuffers)} + (${busy} busy backends + ${parallel} parallel workers) x work_mem ` +
      `${sizeText(workMem)}${multiplier === 1 ? '' : ` x hash_mem_multiplier ${multiplier}`} + ` +
      `${workers} autovacuum workers x ${sizeText(each)}`,
  }
}

/** What one autovacuum worker may take, in bytes. */
export function autovacuumWorkMem(settings: readonly Setting[]): number {
  const own = settingBytes(settings, 'autovacuum_work_mem')
  return own < 0 ? settingBytes(settings, 'maintenance_work_mem') : own
}

/** The value under which the application works, and the ALTER ROLE/DATABASE line that sets it, if one does. */
export type AppValue = {bytes: number; override: RoleSetting | null; role: string | null}

/** Values that ALTER ROLE/DATABASE gave our own session say nothing about others. */
const OWN = ['global', 'database', 'user', 'database user', 'client', 'session']

/** work_mem of the role that holds most connections to `database`, or else of the server, in bytes. */
export function workMemOfApplication(
  settings: readonly Setting[],
  roleSettings: Section<RoleSetting[]>,
  fileSettings: Section<FileSetting[]>,
  activity: Section<Activity>,
  database: string,
): AppValue {
  const name = 'work_mem'
  const {unit, source, value, bootValue} = setting(settings, name)
  const inBytes = (text: string) => Number(baseValue(text, unit)) * KB
  const role = activity.ok ? busiestRole(activity.data, database) : null
  const override = roleSettings.ok ? overrideFor(roleSettings.data, name, role ?? '', database) : null
  if (override) return {bytes: inBytes(override.value), override, role}
  if (!OWN.includes(source)) return {bytes: inBytes(value), override: null, role}
  const line = fileSettings.ok ? fileSettings.data.filter(item => item.name === name).at(-1) : undefined
  return {bytes: inBytes(line?.value ?? bootValue ?? value), override: null, role}
}

function busiestRole({sessions}: Activity, database: string): string | null {
  const counts = new Map<string, number>()
  for (const {backendType, database: where, user} of sessions) {
    if (backendType === 'client backend' && where === database && user) counts.set(user, (counts.get(user) ?? 0) + 1)
  }
  const [first] = [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))
  return first?.[0] ?? null
}

/** How often blocks of any database had to be read from outside shared_buffers; null: no accesses counted. */
export function cacheMisses(databases: readonly Database[]): {percent: number; accesses: number; reads: number} | null {
  const reads = databases.reduce((sum, {blocksRead}) => sum + blocksRead, 0)
  const accesses = databases.reduce((sum, {blocksHit}) => sum + blocksHit, reads)
  return accesses > 0 ? {percent: (reads / accesses) * 100, accesses, reads} : null
}
