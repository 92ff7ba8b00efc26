import {randomUUID} from 'node:crypto'
import {readFileSync, rmSync} from 'node:fs'
import {lstat, mkdir, open, readFile, rm, stat, utimes} from 'node:fs/promises'
import {hostname, tmpdir, userInfo} from 'node:os'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {CliError, EXIT} from '../errors.js'
import {DEFAULT_PLACE} from '../history/folder.js'
import {folderOf} from '../history/names.js'
import type {HistoryTarget} from '../history/store.js'
import {BEAT_MS, isStale, type Owner, ownerIn, startOf, whereabouts} from './lock-owner.js'

/** Two runs at once on the same target would disturb each other's figures, and a hanging server would collect them. */
export type LockRequest = {
  target: HistoryTarget
  /** the history's folder or URL; the lock lies in the folder, or with a URL in this user's own folder of this machine */
  place?: string
  /** how long to wait for the other run; 0: not at all */
  waitMs?: number
}

const ASK_AGAIN_MS = 250
/** Removing a stale lock takes no longer. */
const BREAKING_MS = 10_000

/**
 * Takes the lock of a target; the function that comes back releases it, and so does the end of the process. Throws
 * CliError: BUSY (exit 75) when another run holds it, LOCK (exit 6) when it cannot be written.
 */
export async function takeLock({target, place = DEFAULT_PLACE, waitMs = 0}: LockRequest): Promise<() => Promise<void>> {
  const file = await lockFile(place, target)
  const deadline = Date.now() + waitMs
  const owner = self()
  for (;;) {
    if (await create(file, owner)) return hold(file, owner)
    if (await breakStale(file)) continue
    if (Date.now() >= deadline) throw await busy(file, target)
    await sleep(Math.min(ASK_AGAIN_MS, deadline - Date.now()))
  }
}

/** Does the work while it holds the target's lock. Throws what takeLock throws, and what the work throws. */
export async function withLock<T>(request: LockRequest, work: () => Promise<T>): Promise<T> {
  const release = await takeLock(request)
  try {
    return await work()
  } finally {
    await release()
  }
}

/** In a container it often has no name. */
const account = () => process.getuid?.() ?? userInfo().username

async function lockFile(place: string, target: HistoryTarget): Promise<string> {
  const isFolder = !/^[a-z][a-z0-9+]*:\/\//i.test(place)
  const folder = isFolder ? join(place, '.locks') : join(tmpdir(), `ahsp-db-${account()}`)
  try {
    await mkdir(folder, {recursive: true, mode: 0o700})
    if (!isFolder) await refuseForeign(folder)
  } catch (error) {
    throw cannotLock(folder, error)
  }
  return join(folder, `${folderOf(target)}.lock`)
}

/** In a folder that all users share anybody may have made it first. */
async function refuseForeign(folder: string): Promise<void> {
  const found = await lstat(folder)
  if (process.platform === 'win32') return
  if (!found.isDirectory() || found.uid !== account()) throw new Error('it belongs to another user')
}

const self = (): Owner => ({
  pid: process.pid,
  started: startOf(process.pid),
  where: whereabouts(),
  host: hostname(),
  since: new Date().toISOString(),
  token: randomUUID(),
})

/** False: there is a lock already. */
async function create(file: string, owner: Owner): Promise<boolean> {
  try {
    const handle = await open(file, 'wx', 0o600)
    try {
      await handle.writeFile(`${JSON.stringify(owner)}\n`)
    } catch (error) {
      await rm(file, {force: true})
      throw error
    } finally {
      await handle.close()
    }
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw cannotLock(file, error)
  }
}

/** One listener for all: many targets may be read at once. */
const held = new Set<() => void>()
const releaseAll = () => {
  for (const remove of held) remove()
}

function hold(file: string, {token}: Owner): () => Promise<void> {
  const beat = setInterval(() => {
    const now = new Date()
    utimes(file, now, now).catch(() => {})
  }, BEAT_MS)
  beat.unref()
  const remove = () => {
    clearInterval(beat)
    try {
      // A run that was silent for too long may have lost it to another one.
      if (ownerIn(readFileSync(file, 'utf8'))?.token === token) rmSync(file, {force: true})
    } catch {
      // It is gone, or cannot be removed: the next run sees that this process is.
    }
  }
  if (held.size === 0) process.once('exit', releaseAll)
  held.add(remove)
  return async () => {
    held.delete(remove)
    if (held.size === 0) process.removeListener('exit', releaseAll)
    remove()
  }
}

/** Removes the lock of a run that is gone; false: its run is there. One process at a time: two would remove two. */
async function breakStale(file: string): Promise<boolean> {
  if (!(await isLeftOver(file))) return false
  const guard = `${file}.breaking`
  if (!(await create(guard, self()))) {
    const age = await silence(guard)
    if (age !== null && age > BREAKING_MS) await rm(guard, {force: true})
    return false
  }
  try {
    if (!(await isLeftOver(file))) return false
    await rm(file, {force: true})
    return true
  } finally {
    await rm(guard, {force: true})
  }
}

async function isLeftOver(file: string): Promise<boolean> {
  const [text, silentMs] = await Promise.all([readFile(file, 'utf8').catch(() => null), silence(file)])
  return text !== null && silentMs !== null && isStale(ownerIn(text), silentMs)
}

/** Milliseconds since a file was touched; null: there is none. */
const silence = (file: string) =>
  stat(file).then(
    ({mtimeMs}) => Date.now() - mtimeMs,
    () => null,
  )

async function busy(file: string, {host, port, database}: HistoryTarget): Promise<CliError> {
  const owner = await readFile(file, 'utf8').then(ownerIn, () => null)
  const who = owner ? ` (process ${owner.pid} on ${owner.host} since ${owner.since})` : ''
  return new CliError(
    'BUSY',
    EXIT.busy,
    `another run is reading ${host}:${port}/${database}${who}`,
    'nothing was done; wait for it with --wait-lock 5min, or run less often',
  )
}

function cannotLock(file: string, error: unknown): CliError {
  const reason = (error as NodeJS.ErrnoException).code ?? (error as Error).message
  return new CliError(
    'LOCK',
    EXIT.output,
    `cannot write the lock ${file} (${reason})`,
    'give a folder that can be written with --history',
    {cause: error},
  )
}
