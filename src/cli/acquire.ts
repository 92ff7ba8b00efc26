import {collect, collectPoolersOnly} from '../collect/collect.js'
import type {PoolerReader} from '../collect/pgbouncer/reader.js'
import {resolveConninfo} from '../connect/conninfo.js'
import {addressesOf, connectConsole, isConsole} from '../connect/pgbouncer.js'
import {ConnectError, type Connection, connect} from '../connect/postgres.js'
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
  timeout: string
  debug?: boolean
}

/**
 * The snapshot to judge, from a file or a server. The first Ctrl-C (or SIGTERM) cancels the running query and keeps
 * what was read so far. Throws ConnectError (exit 3) when there is no session at all.
 */
export async function acquireSnapshot(request: Acquire): Promise<Snapshot> {
  if (request.snapshot !== undefined) return readSnapshots(request.snapshot)
  const deadlineMs = duration('--timeout', request.timeout)
  const given = request.window === undefined ? null : duration('--window', request.window) / 1000
  const settings = await resolveConninfo(request.conninfo, process.env)
  const progress = request.debug ? timedSteps() : startProgress()
  const stop = onSignal()
  const watched = (withPooler: boolean) => ({
    windowSeconds: given ?? (withPooler ? POOLER_WINDOW_SECONDS : 0),
    signal: stop.signal,
    onProgress: progress.update,
  })
  try {
    let connection: Connection | undefined
    const open = async () => {
      connection = await connect(settings)
      return connection
    }
    stop.signal.addEventListener('abort', () => void connection?.cancel())
    const conninfos = request.pgbouncer ?? []
    const target = await open()
    const {readers, failures} = await openConsoles(conninfos)
    if (isConsole(target)) {
      const {poolerReader} = await import('../collect/pgbouncer/reader.js')
      const own = poolerReader({connection: target, addresses: await addressesOf(target.target.host)})
      return await collectPoolersOnly([own, ...readers], watched(true), target.target)
    }
    target.warnings.push(...failures)
    return await collect(target, {
      ...watched(conninfos.length > 0),
      deep: request.deep,
      deadlineMs,
      poolers: {readers, asked: conninfos.length},
      reconnect: open,
    })
  } finally {
    stop.dispose()
    progress.stop()
  }
}

/** Rates of a pooler need two looks. */
const POOLER_WINDOW_SECONDS = 2

/** A console that cannot be reached is told, and does not end the run. What cannot be understood does (exit 2). */
async function openConsoles(conninfos: string[]): Promise<{readers: PoolerReader[]; failures: string[]}> {
  if (conninfos.length === 0) return {readers: [], failures: []}
  const {poolerReader} = await import('../collect/pgbouncer/reader.js')
  const results = await Promise.allSettled(conninfos.map(conninfo => connectConsole(conninfo, process.env)))
  const readers: PoolerReader[] = []
  const failures: string[] = []
  for (const result of results) {
    if (result.status === 'fulfilled') readers.push(poolerReader(result.value))
    else if (result.reason instanceof ConnectError) failures.push(`PgBouncer: ${result.reason.message}`)
    else throw result.reason
  }
  return {readers, failures}
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

function onSignal() {
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
