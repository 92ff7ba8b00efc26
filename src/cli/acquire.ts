import {collect} from '../collect/collect.js'
import type {PoolersOnly} from '../collect/pgbouncer/alone.js'
import type {PoolerReader} from '../collect/pgbouncer/reader.js'
import {type ConnectionSettings, resolveConninfo} from '../connect/conninfo.js'
import {addressesOf, isConsole} from '../connect/pgbouncer.js'
import {type Connection, connect} from '../connect/postgres.js'
import {notAReplica, withReplicas} from '../derive/replicas.js'
import {usageError} from '../errors.js'
import type {Snapshot} from '../snapshot.js'
import {readSnapshot} from '../snapshot-file.js'
import {startProgress, timedSteps} from './progress.js'
import {duration} from './quantity.js'

export type Acquire = {
  /** connection string; undefined: DATABASE_URL or the environment */
  conninfo: string | undefined
  /** files instead of a server: the one to judge, then those of its replicas */
  snapshot?: string[]
  /** PgBouncer's consoles */
  pgbouncer?: string[]
  window?: string
  deep?: boolean
  /** milliseconds for costing new indexes; undefined: it is not asked for */
  adviceMs?: number
  timeout: string
  debug?: boolean
}

/**
 * The snapshot to judge, from a file or a server. The first Ctrl-C (or SIGTERM) cancels the running query and keeps
 * what was read so far. Throws ConnectError (exit 3) when there is no session at all.
 */
export async function acquireSnapshot(request: Acquire): Promise<Snapshot> {
  if (request.snapshot !== undefined) return readSnapshots(request.snapshot)
  const progress = request.debug ? timedSteps() : startProgress()
  const stop = onSignal()
  try {
    return await readServer(request, {signal: stop.signal, onProgress: progress.update})
  } finally {
    stop.dispose()
    progress.stop()
  }
}

export type Reading = {
  signal: AbortSignal
  onProgress?: (what: string) => void
  /** awaited between connecting and reading */
  onSession?: () => Promise<void>
  /** milliseconds by which there must be a session, whatever the connection string allows; counted to the timeout */
  connectMs?: number
}

/** The snapshot of the server, kept as far as it was read when the signal aborts. Throws ConnectError (exit 3). */
export async function readServer(request: Acquire, reading: Reading): Promise<Snapshot> {
  const {signal, onProgress, onSession, connectMs = Infinity} = reading
  const started = performance.now()
  const wholeMs = duration('--timeout', request.timeout)
  const given = request.window === undefined ? null : duration('--window', request.window) / 1000
  const resolved = await resolveConninfo(request.conninfo, process.env)
  const settings = {...resolved, connectTimeoutMs: Math.min(resolved.connectTimeoutMs, connectMs)}
  const poolers = await openPoolers(request.pgbouncer ?? [], settings)
  let connection: Connection | undefined
  const open = async () => {
    connection = await connect(settings, {patienceMs: connectMs})
    return connection
  }
  signal.addEventListener('abort', () => void connection?.cancel())
  const target = await open()
  await onSession?.()
  const spentMs = connectMs === Infinity ? 0 : performance.now() - started
  const deadlineMs = Math.max(1, wholeMs - spentMs)
  const watched = (withPooler: boolean) => ({
    windowSeconds: given ?? (withPooler ? POOLER_WINDOW_SECONDS : 0),
    deadlineMs,
    signal,
    onProgress,
  })
  if (isConsole(target)) return await readConsole(target, poolers, watched(true))
  return await collect(target, {
    ...watched(poolers.length > 0),
    deep: request.deep,
    adviceMs: request.adviceMs,
    poolers,
    reconnect: open,
  })
}

/** Rates of a pooler need two looks. */
const POOLER_WINDOW_SECONDS = 2

async function openPoolers(conninfos: string[], target: ConnectionSettings): Promise<PoolerReader[]> {
  if (conninfos.length === 0) return []
  const {openConsoles} = await import('../collect/pgbouncer/open.js')
  return openConsoles(conninfos, process.env, target)
}

/** A console that was given as the target. */
async function readConsole(connection: Connection, others: PoolerReader[], options: PoolersOnly): Promise<Snapshot> {
  const {collectPoolersOnly} = await import('../collect/pgbouncer/alone.js')
  const {consoleName} = await import('../collect/pgbouncer/open.js')
  const {poolerReader} = await import('../collect/pgbouncer/reader.js')
  const addresses = await addressesOf(connection.target.host)
  const own = poolerReader(consoleName(connection.target), Promise.resolve({connection, addresses}))
  return collectPoolersOnly([own, ...others], options, connection.target)
}

async function readSnapshots(files: string[]): Promise<Snapshot> {
  const [judged, ...replicas] = await Promise.all(files.map(readSnapshot))
  if (replicas.length === 0) return judged!
  const refusal = replicas
    .map((replica, i) => ({file: files[i + 1]!, why: notAReplica(judged!, replica, replicas.slice(0, i))}))
    .find(({why}) => why !== null)
  if (refusal) {
    throw usageError(
      `${refusal.file}: ${refusal.why}`,
      'give the primary first, then a snapshot of each of its replicas',
    )
  }
  return withReplicas(judged!, replicas)
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/** Which signal ended the run is needed for the exit code (130, 143). */
export let receivedSignal: (typeof SIGNALS)[number] | null = null

export function onSignal() {
  const controller = new AbortController()
  const handlers = SIGNALS.map(name => {
    const handler = () => {
      receivedSignal = name
      controller.abort()
    }
    // A second signal must be able to end a run that does not react.
    process.once(name, handler)
    return () => process.removeListener(name, handler)
  })
  const dispose = () => {
    for (const remove of handlers) remove()
  }
  return {signal: controller.signal, dispose}
}
