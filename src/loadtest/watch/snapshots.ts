import {collect} from '../../collect/collect.js'
import {consoleName} from '../../collect/pgbouncer/open.js'
import {type PoolerReader, poolerReader} from '../../collect/pgbouncer/reader.js'
import type {Connection} from '../../connect/postgres.js'
import type {Snapshot, ActivitySample as SnapshotSample, StatementSamples, Window} from '../../snapshot.js'
import type {ActivitySample} from '../record.js'
import type {ConsoleWatch} from './consoles.js'
import {thinned} from './ticks.js'

const DEADLINE_MS = 60_000
/** Looks at the sessions that the last snapshot gets. */
const KEPT = 600

export type SnapshotOptions = {
  /** the held connection; a new one when it is lost */
  open: () => Promise<Connection>
  consoles: readonly ConsoleWatch[]
  signal: AbortSignal
}

/** An ordinary snapshot over connections that stay open. Throws ConnectError. */
export async function takeSnapshot({open, consoles, signal}: SnapshotOptions): Promise<Snapshot> {
  let connection = await open()
  const cancel = () => void connection.cancel()
  signal.addEventListener('abort', cancel)
  const reconnect = async () => {
    connection = await open()
    return kept(connection)
  }
  try {
    const poolers = consoles.map(readerOf)
    return await collect(kept(connection), {windowSeconds: 0, deadlineMs: DEADLINE_MS, poolers, signal, reconnect})
  } finally {
    signal.removeEventListener('abort', cancel)
  }
}

/** What reads a snapshot closes its connection in the end; sampling goes on over this one. */
const kept = (connection: Connection): Connection =>
  Object.create(connection, {close: {value: async () => {}}}) as Connection

function readerOf({name, console}: ConsoleWatch): PoolerReader {
  const opened = console().then(({connection, addresses}) => ({connection: kept(connection), addresses}))
  return poolerReader(name, opened)
}

/** Looks at the sessions, as a snapshot has them, by the server's clock; of two neighbours the busier one is kept. */
export function sessionLooks(offset: number) {
  let looks: SnapshotSample[] = []
  return {
    add({at, total, active, idle, idleInTransaction, waits}: ActivitySample) {
      const waitingForLock = waits.reduce((sum, {type, count}) => sum + (type === 'Lock' ? count : 0), 0)
      const look = {at: at + offset, clients: total, active, idle, idleInTransaction, waitingForLock}
      looks = thinned([...looks, look], KEPT, (a, b) => (b.clients > a.clients ? b : a))
    },
    all: () => looks,
  }
}

export type Watched = {
  start: Snapshot
  looks: SnapshotSample[]
  statements: StatementSamples | null
  consoles: readonly Pick<ConsoleWatch, 'name' | 'samples' | 'age'>[]
}

/** The last snapshot as `check --window` would give it, with the whole run as its window. */
export function withRunAsWindow(end: Snapshot, {start, looks, statements, consoles}: Watched): Snapshot {
  const {activity, poolers: read} = end.sections
  const sections = {...end.sections}
  if (activity.ok)
    sections.activity = {...activity, data: {...activity.data, samples: [...looks, ...activity.data.samples]}}
  if (read.ok) {
    const data = read.data.map(pooler => {
      const watched = consoles.find(({name}) => name === consoleName(pooler.target))
      if (!watched || watched.samples().length === 0) return pooler
      const base = watched.age() - (pooler.samples.at(-1)?.at ?? 0)
      return {
        ...pooler,
        samples: [...watched.samples(), ...pooler.samples.map(each => ({...each, at: base + each.at}))],
      }
    })
    sections.poolers = {...read, data}
  }
  return {...end, window: windowOf(start, end, statements), sections}
}

/** null: the server was restarted, or was not read at both ends. */
function windowOf(start: Snapshot, end: Snapshot, statements: StatementSamples | null): Window | null {
  const {server, databases, checkpoints} = start.sections
  const {server: last} = end.sections
  if (!server.ok || !last.ok || !databases.ok || server.data.startedAt !== last.data.startedAt) return null
  return {
    seconds: last.data.now - server.data.now,
    before: {at: server.data.now, databases: databases.data, checkpoints: checkpoints.ok ? checkpoints.data : null},
    statements,
  }
}
