import fs from 'node:fs/promises'
import path from 'node:path'
import type {Account} from './account.js'
import {makePrivateFolder, makeServerFolder} from './folder.js'
import {onExitRemove, type Programs, run} from './process.js'

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
