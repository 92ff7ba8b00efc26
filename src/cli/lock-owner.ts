import {readFileSync, readlinkSync} from 'node:fs'
import {hostname} from 'node:os'

/** Who holds a lock. `where` tells two machines, two boots and two containers of one machine apart. */
export type Owner = {pid: number; started: string | null; where: string; host: string; since: string; token: string}

/** A holder touches its lock this often; one that was not touched for `SILENT_MS` has none any more. */
export const BEAT_MS = 10_000
export const SILENT_MS = 60_000

const orNull = <T>(read: () => T): T | null => {
  try {
    return read()
  } catch {
    return null
  }
}

/** Process numbers mean something only there. */
export function whereabouts(): string {
  const boot = orNull(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim())
  const space = orNull(() => readlinkSync('/proc/self/ns/pid'))
  return [hostname(), boot, space].filter(Boolean).join(' ')
}

/** When a process started, in the kernel's ticks: a number that is used again has another. Null where not told. */
export function startOf(pid: number): string | null {
  const stat = orNull(() => readFileSync(`/proc/${pid}/stat`, 'utf8'))
  // The name, in parentheses, may hold anything; the start is the 22nd field.
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** The owner that a lock names; null: it was not written to its end, or is none of ours. */
export function ownerIn(text: string): Owner | null {
  const value = orNull(() => JSON.parse(text)) as Partial<Owner> | null
  const isOwner = typeof value?.pid === 'number' && typeof value.where === 'string' && typeof value.token === 'string'
  return isOwner ? (value as Owner) : null
}

/** Of a holder on this machine the process is asked; of another one only the last touch is known. */
export function isStale(owner: Owner | null, silentMs: number): boolean {
  if (owner && owner.where === whereabouts()) {
    if (!isAlive(owner.pid)) return true
    if (owner.started !== null) return startOf(owner.pid) !== owner.started
  }
  return silentMs > SILENT_MS
}
