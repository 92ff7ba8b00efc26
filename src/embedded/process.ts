import {type ChildProcess, spawn} from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import type {Account} from './account.js'
import {removeFolder, waitForShutdown} from './folder.js'

const READY_MS = 60_000
/** Fast shutdown writes a checkpoint; after this long it is given up for an immediate one. */
const FAST_SHUTDOWN_MS = 30_000

export type Postmaster = {child: ChildProcess; exited: Promise<void>; dataDir: string}

/** What one program needs to run: where, and under which account. */
export type Programs = {binDir: string; account: Account; cwd: string}

/** Only these reach the server: PG* and LC_* would change it, and the rest is none of its business. */
const PASSED_ON = ['PATH', 'TZ', 'SystemRoot', 'TEMP', 'TMP', 'LD_LIBRARY_PATH', 'DYLD_LIBRARY_PATH']

function environment(): NodeJS.ProcessEnv {
  const entries = PASSED_ON.flatMap(name => (process.env[name] === undefined ? [] : [[name, process.env[name]]]))
  return {...Object.fromEntries(entries), LC_ALL: 'C'}
}

/** Runs a program to its end; throws with its output when it fails. */
export async function run(command: string, args: string[], {account, cwd}: Omit<Programs, 'binDir'>): Promise<void> {
  const child = spawn(command, args, {cwd, env: environment(), stdio: ['ignore', 'pipe', 'pipe'], ...account})
  let output = ''
  child.stdout.on('data', chunk => (output += chunk))
  child.stderr.on('data', chunk => (output += chunk))
  const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve))
  if (code !== 0) throw new Error(`${path.basename(command)} failed:\n${output.trim()}`)
}

/** Starts the postmaster and waits until it accepts connections. */
export async function startPostmaster(programs: Programs, dataDir: string, logFile: string): Promise<Postmaster> {
  const log = fs.openSync(logFile, 'a')
  const child = spawn(path.join(programs.binDir, 'postgres'), ['-D', dataDir], {
    cwd: programs.cwd,
    env: environment(),
    stdio: ['ignore', log, log],
    // In a process group of its own: Ctrl-C in the terminal must reach us, not the server.
    detached: process.platform !== 'win32',
    windowsHide: true,
    ...programs.account,
  })
  fs.closeSync(log)
  let failure: Error | undefined
  const exited = new Promise<void>(resolve => {
    child.once('exit', () => resolve())
    child.once('error', error => {
      failure = error
      resolve()
    })
  })
  // A caller who forgets stop() gets its process to end nevertheless, and the exit handler cleans up.
  child.unref()
  const postmaster = {child, exited, dataDir}
  stopAtExit(postmaster)
  const deadline = Date.now() + READY_MS
  while (!isReady(dataDir, child.pid)) {
    if (failure) throw failure
    if (child.exitCode !== null || child.signalCode !== null) throw new Error('PostgreSQL did not start')
    if (Date.now() > deadline) {
      await stopPostmaster(programs, postmaster)
      throw new Error(`PostgreSQL was not ready within ${READY_MS / 1000} s`)
    }
    await sleep(20)
  }
  return postmaster
}

/** Line 1 of postmaster.pid is the process (a crash leaves an old one there), line 8 the server's state. */
function isReady(dataDir: string, pid: number | undefined): boolean {
  try {
    const lines = fs.readFileSync(path.join(dataDir, 'postmaster.pid'), 'utf8').split('\n')
    return Number(lines[0]) === pid && lines[7]?.trim() === 'ready'
  } catch {
    return false
  }
}

/** Fast shutdown: open sessions are ended, the data is left consistent. */
export async function stopPostmaster(programs: Programs, {child, exited, dataDir}: Postmaster): Promise<void> {
  child.ref()
  if (process.platform === 'win32') {
    // Signals do not exist there: pg_ctl speaks to the server in its own way.
    await run(path.join(programs.binDir, 'pg_ctl'), ['stop', '-D', dataDir, '-m', 'fast', '-w'], programs).catch(
      () => {},
    )
    return exited
  }
  child.kill('SIGINT')
  const timer = setTimeout(() => child.kill('SIGQUIT'), FAST_SHUTDOWN_MS)
  await exited
  clearTimeout(timer)
}

const postmasters = new Set<Postmaster>()
const folders = new Set<string>()
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Remembers a folder that must not outlive this process. */
export function onExitRemove(folder: string): void {
  installExitHandlers()
  folders.add(folder)
}

export function forgetFolder(folder: string): void {
  folders.delete(folder)
}

/** Remembers a server that must not outlive this process. */
function stopAtExit(postmaster: Postmaster): void {
  installExitHandlers()
  postmasters.add(postmaster)
  void postmaster.exited.then(() => postmasters.delete(postmaster))
}

let installed = false

function installExitHandlers(): void {
  if (installed) return
  installed = true
  process.on('exit', cleanUp)
  for (const signal of SIGNALS) {
    const handler = () => {
      // Whoever else listens decides how the process ends; ending runs the exit handler.
      if (process.listenerCount(signal) > 1) return
      cleanUp()
      process.removeListener(signal, handler)
      process.kill(process.pid, signal)
    }
    process.on(signal, handler)
  }
}

/** Runs in exit handlers: everything here is synchronous. */
function cleanUp(): void {
  for (const {child} of postmasters) child.kill('SIGQUIT')
  for (const {dataDir} of postmasters) waitForShutdown(dataDir)
  for (const folder of folders) {
    try {
      removeFolder(folder)
    } catch {
      // Left for the next run, which finds it by its owner file.
    }
  }
  postmasters.clear()
  folders.clear()
}
