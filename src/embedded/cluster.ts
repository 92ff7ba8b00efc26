import {createHash} from 'node:crypto'
import fs from 'node:fs/promises'
import path from 'node:path'
import type {Account} from './account.js'
import {makePrivateFolder, makeServerFolder, PREFIX, removeFolder, temporaryDirectory} from './folder.js'
import {forgetFolder, onExitRemove, type Programs, run} from './process.js'

const clusters = new Map<string, Promise<string>>()

/** initdb takes a second, a copy of its result a tenth of one: it runs once per process and PostgreSQL. */
export function freshCluster(programs: Programs): Promise<string> {
  let cluster = clusters.get(programs.binDir)
  if (!cluster) {
    cluster = initdb(programs)
    clusters.set(programs.binDir, cluster)
    cluster.catch(() => clusters.delete(programs.binDir))
  }
  return cluster
}

/** Cleaners of temporary directories take files that are days old, and leave a cluster with holes. */
const KEPT_MS = 86_400_000

/**
 * A fresh cluster that stays in the temporary directory for a day: the next run need not wait for initdb. It holds what
 * initdb writes and nothing else. Where it cannot be kept, or somebody else owns the name, it is one for this process.
 */
export async function keptCluster(programs: Programs): Promise<string> {
  const isPrivateCopy = programs.binDir.startsWith(path.join(temporaryDirectory(), PREFIX))
  if (process.platform === 'win32' || isPrivateCopy) return freshCluster(programs)
  const kept = await keptFolder(programs)
  const dataDir = path.join(kept, 'data')
  if (await isUsable(kept)) return dataDir
  const own = clusters.get(programs.binDir)
  // Others of this process may be copying it: it stays where it is.
  if (own) return own
  const fresh = await initdb(programs)
  const folder = path.dirname(fresh)
  try {
    if (await isOurs(kept)) removeFolder(kept)
    await fs.rename(folder, kept)
  } catch {
    // Another process was faster, or the name is not ours.
    return fresh
  }
  forgetFolder(folder)
  return dataDir
}

/** One for each build of the server and each account. */
async function keptFolder({binDir, account}: Programs): Promise<string> {
  const {mtimeMs, size} = await fs.stat(path.join(binDir, 'postgres'))
  const parts = [binDir, mtimeMs, size, account?.uid ?? process.getuid?.()]
  const key = createHash('sha256').update(parts.join()).digest('hex').slice(0, 16)
  return path.join(temporaryDirectory(), `ahsp-db-cluster-${key}`)
}

async function isUsable(folder: string): Promise<boolean> {
  if (!(await isOurs(folder))) return false
  const {mtimeMs} = await fs.stat(folder)
  return Date.now() - mtimeMs < KEPT_MS
}

/** Anybody can make a name in a shared directory. */
async function isOurs(folder: string): Promise<boolean> {
  const stat = await fs.lstat(folder).catch(() => null)
  return stat?.isDirectory() === true && stat.uid === process.getuid?.() && (stat.mode & 0o022) === 0
}

async function initdb({binDir, account}: Programs): Promise<string> {
  const folder = makePrivateFolder(account)
  onExitRemove(folder)
  const dataDir = makeServerFolder(folder, 'data', account)
  const args = [
    '-D',
    dataDir,
    '-U',
    'postgres',
    '-A',
    'trust',
    '-E',
    'UTF8',
    '--locale=C',
    '--data-checksums',
    '--no-sync',
  ]
  await run(path.join(binDir, 'initdb'), args, {account, cwd: folder})
  return dataDir
}

export async function copyCluster(from: string, to: string, account: Account, cwd: string): Promise<void> {
  if (process.platform === 'win32') return fs.cp(from, to, {recursive: true})
  // Run as the server's account, so that everything belongs to it.
  await run('cp', ['-Rp', `${from}/.`, to], {account, cwd})
  // Of a server that was not shut down.
  await fs.rm(path.join(to, 'postmaster.pid'), {force: true})
}
