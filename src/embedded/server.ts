import fs from 'node:fs/promises'
import net from 'node:net'
import path from 'node:path'
import {serverAccount} from './account.js'
import {embeddedAvailable, usableBinaries} from './binaries.js'
import {copyCluster, freshCluster, keptCluster} from './cluster.js'
import {removeSettings, writeHba, writeSettings} from './configure.js'
import {makePrivateFolder, makeServerFolder, removeFolder, removeLeftOvers} from './folder.js'
import {forgetFolder, onExitRemove, type Postmaster, type Programs, startPostmaster, stopPostmaster} from './process.js'

export {debianBinDir, embeddedAvailable} from './binaries.js'

export type EmbeddedServer = {
  port: number
  host: string
  /** '' on Windows, where the server listens on TCP only */
  socketDir: string
  dataDir: string
  binDir: string
  major: number
  /** A connection URL over TCP. */
  url(database?: string, user?: string): string
  /** Fast shutdown; then the data folder is removed (with `keep`: when this process ends). */
  stop(): Promise<void>
  restart(): Promise<void>
  /** All that the server has logged so far. */
  log(): Promise<string>
}

export type ServerOptions = {
  /** Lines for postgresql.conf. */
  settings?: Record<string, string>
  /** Settings whose line is taken out of postgresql.conf again (a template may have it). */
  removed?: string[]
  /** All lines of pg_hba.conf; without it local and loopback connections are trusted. */
  hba?: string[]
  /** Another PostgreSQL's programs, e.g. debianBinDir(15). */
  binDir?: string
  /** The data folder of a stopped server of the same major version, copied instead of a fresh one. */
  template?: string
  /** Leave the data folder in place after stop(), to be another server's template. */
  keep?: boolean
  /** Start from a cluster that another run made today: a second faster, see keptCluster. */
  quick?: boolean
}

const HOST = '127.0.0.1'
const TRUST_HBA = ['local all all trust', 'host all all 127.0.0.1/32 trust', 'host all all ::1/128 trust']
const ATTEMPTS = 5
const LOG_TAIL_LINES = 20

/**
 * Starts a private PostgreSQL on a free loopback port and returns when it accepts connections.
 * Throws with the end of the server's log when it does not start.
 */
export async function startServer(options: ServerOptions = {}): Promise<EmbeddedServer> {
  removeLeftOvers()
  const programs = findPrograms(options.binDir)
  const template = options.template ?? (await (options.quick ? keptCluster : freshCluster)(programs))
  const folder = makePrivateFolder(programs.account)
  onExitRemove(folder)
  programs.cwd = folder
  try {
    return await startIn(folder, programs, template, options)
  } catch (error) {
    removeFolder(folder)
    forgetFolder(folder)
    throw error
  }
}

/** Makes what a quick start needs, which takes a second where it is not there yet. The milliseconds that it took. */
export async function prepareServer(): Promise<number> {
  const start = performance.now()
  await keptCluster(findPrograms(undefined))
  return performance.now() - start
}

function findPrograms(binDir: string | undefined): Programs {
  const choice = serverAccount()
  if (!choice.ok) throw new Error(choice.reason)
  const {account} = choice
  const embedded = embeddedAvailable()
  const wanted = binDir ?? (embedded.ok ? embedded.binDir : undefined)
  if (!wanted) throw new Error(embedded.ok ? 'no binaries' : embedded.reason)
  return {binDir: usableBinaries(wanted, account), account, cwd: '/'}
}

async function startIn(folder: string, programs: Programs, template: string, options: ServerOptions) {
  const {account, binDir} = programs
  const dataDir = makeServerFolder(folder, 'data', account)
  const socketDir = process.platform === 'win32' ? '' : makeServerFolder(folder, 'run', account)
  const logFile = path.join(folder, 'server.log')
  await copyCluster(template, dataDir, account, folder)
  const major = Number.parseInt(await fs.readFile(path.join(dataDir, 'PG_VERSION'), 'utf8'), 10)
  await writeHba(dataDir, options.hba ?? TRUST_HBA)
  const log = () => fs.readFile(logFile, 'utf8')

  const start = async () => {
    const postmaster = await startPostmaster(programs, dataDir, logFile).catch(async (error: Error) => {
      const tail = (await log()).trimEnd().split('\n').slice(-LOG_TAIL_LINES).join('\n')
      throw new Error(`${error.message}; the end of its log:\n${tail}`)
    })
    return postmaster
  }
  await removeSettings(dataDir, options.removed ?? [])
  const configure = (port: number) =>
    writeSettings(dataDir, {
      listen_addresses: HOST,
      ...options.settings,
      port: String(port),
      unix_socket_directories: socketDir,
    })
  const {port, postmaster} = await startOnFreePort(configure, start)
  return handle(
    {port, host: HOST, socketDir, dataDir, binDir, major},
    {postmaster, start, programs, folder, log, options},
  )
}

async function startOnFreePort(configure: (port: number) => Promise<void>, start: () => Promise<Postmaster>) {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort()
    await configure(port)
    try {
      return {port, postmaster: await start()}
    } catch (error) {
      // Between finding a port and listening on it, another process may take it.
      if (attempt === ATTEMPTS || !/could not (bind|create any TCP)/.test(String(error))) throw error
    }
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer().once('error', reject)
    server.listen(0, HOST, () => {
      const {port} = server.address() as net.AddressInfo
      server.close(() => resolve(port))
    })
  })
}

type Facts = Pick<EmbeddedServer, 'port' | 'host' | 'socketDir' | 'dataDir' | 'binDir' | 'major'>
type Running = {
  postmaster: Postmaster
  start: () => Promise<Postmaster>
  programs: Programs
  folder: string
  log: () => Promise<string>
  options: ServerOptions
}

function handle(facts: Facts, running: Running): EmbeddedServer {
  const {programs, folder, options, start, log} = running
  return {
    ...facts,
    log,
    url: (database = 'postgres', user = 'postgres') =>
      `postgresql://${encodeURIComponent(user)}@${facts.host}:${facts.port}/${encodeURIComponent(database)}`,
    async stop() {
      await stopPostmaster(programs, running.postmaster)
      if (options.keep) return
      removeFolder(folder)
      forgetFolder(folder)
    },
    async restart() {
      await stopPostmaster(programs, running.postmaster)
      running.postmaster = await start()
    },
  }
}
