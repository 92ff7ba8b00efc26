import {execFileSync} from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type {Account} from './account.js'

/**
 * Private folders below the temporary directory, each with an owner file, so that whatever a killed process
 * left behind is found and removed by the next one.
 */
export const PREFIX = 'ahsp-db-pg-'
const OWNER_FILE = 'owner.json'
/** A folder without an owner file is one just being made, unless it is this old. */
const ABANDONED_MS = 3_600_000
/** sun_path holds 104 bytes on macOS and 108 on Linux, with the final NUL. */
const MAX_SOCKET_PATH = 103

type Owner = {pid: number; startedAt: string | null; machine: string}

/**
 * Makes a folder that only we can list. An account that the server runs under may pass through it, but gets
 * no right to change it: what is decided by its contents stays ours.
 */
export function makePrivateFolder(account: Account): string {
  const folder = fs.mkdtempSync(path.join(temporaryDirectory(), PREFIX))
  fs.chmodSync(folder, account ? 0o711 : 0o700)
  const owner: Owner = {pid: process.pid, startedAt: processStart(process.pid), machine: machine()}
  fs.writeFileSync(path.join(folder, OWNER_FILE), JSON.stringify(owner), {mode: 0o600})
  return folder
}

/** A folder of mode 700 inside a private folder, owned by the account that the server runs under. */
export function makeServerFolder(parent: string, name: string, account: Account): string {
  const folder = path.join(parent, name)
  fs.mkdirSync(folder, {mode: 0o700})
  if (account) fs.chownSync(folder, account.uid, account.gid)
  return folder
}

export function removeFolder(folder: string): void {
  fs.rmSync(folder, {recursive: true, force: true, maxRetries: 10, retryDelay: 50})
}

let leftOversRemoved = false

/** Removes the folders of processes that no longer exist, and stops the servers in them. Once per process. */
export function removeLeftOvers(): void {
  if (leftOversRemoved) return
  leftOversRemoved = true
  for (const directory of new Set([os.tmpdir(), temporaryDirectory()])) {
    for (const name of fs.readdirSync(directory)) {
      if (!name.startsWith(PREFIX)) continue
      const folder = path.join(directory, name)
      try {
        if (isLeftOver(folder)) removeLeftOver(folder)
      } catch {
        // Somebody else may be removing it at this moment; what remains is found next time.
      }
    }
  }
}

/** `/tmp` when the temporary directory is so deep that a socket in it could not be bound. */
export function temporaryDirectory(): string {
  const directory = os.tmpdir()
  const longest = path.join(directory, `${PREFIX}XXXXXX`, 'run', '.s.PGSQL.65535')
  return process.platform !== 'win32' && Buffer.byteLength(longest) > MAX_SOCKET_PATH ? '/tmp' : directory
}

function isLeftOver(folder: string): boolean {
  const stat = fs.lstatSync(folder)
  // Anybody can make such a name in a shared directory: only folders of our own are believed.
  if (!stat.isDirectory() || (process.getuid && stat.uid !== process.getuid())) return false
  const ownerFile = path.join(folder, OWNER_FILE)
  if (!fs.existsSync(ownerFile)) return Date.now() - stat.mtimeMs > ABANDONED_MS
  const owner = JSON.parse(fs.readFileSync(ownerFile, 'utf8')) as Owner
  return owner.machine === machine() && !(isRunning(owner.pid) && processStart(owner.pid) === owner.startedAt)
}

function removeLeftOver(folder: string): void {
  const dataDir = path.join(folder, 'data')
  const pid = postmasterPid(dataDir)
  if (pid && commandLine(pid).includes(dataDir)) {
    process.kill(pid, 'SIGQUIT')
    waitForShutdown(dataDir)
  }
  removeFolder(folder)
}

export function postmasterPid(dataDir: string): number | undefined {
  try {
    return Number.parseInt(fs.readFileSync(path.join(dataDir, 'postmaster.pid'), 'utf8'), 10) || undefined
  } catch {
    return undefined
  }
}

/**
 * Blocks until the postmaster has removed its lock file: for exit handlers, which cannot wait in any other way.
 * The process id does not serve: a child that node has not reaped yet still counts as running.
 */
export function waitForShutdown(dataDir: string, timeoutMs = 6000): void {
  const clock = new Int32Array(new SharedArrayBuffer(4))
  const deadline = Date.now() + timeoutMs
  while (postmasterPid(dataDir) && Date.now() < deadline) Atomics.wait(clock, 0, 0, 20)
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Clock ticks since boot, which tell a process from a later one of the same number; null where there is no /proc. */
function processStart(pid: number): string | null {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null
  } catch {
    return null
  }
}

function commandLine(pid: number): string {
  try {
    return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    if (process.platform === 'win32' || process.platform === 'linux') return ''
    return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], {encoding: 'utf8'})
  }
}

/** Process numbers mean something only within one host and process namespace; containers may share a /tmp. */
function machine(): string {
  try {
    return `${os.hostname()} ${fs.readlinkSync('/proc/self/ns/pid')}`
  } catch {
    return os.hostname()
  }
}
