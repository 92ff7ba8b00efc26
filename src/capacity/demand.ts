import {observedClients} from '../derive/connections.js'
import {poolsNow} from '../derive/pooler.js'
import {outsideSessions} from '../derive/served.js'
import type {Context} from '../rule.js'
import type {Pooler, Snapshot} from '../snapshot.js'
import {pooledLoad, serverLoad} from './load.js'
import type {Known, Load} from './types.js'

/** Connections that the application opens at `users`, and how that is known. */
export type Clients = {
  at: (users: number) => number
  /** the fewest users whose connections are more than `capacity`; null: never */
  breaksAt: (capacity: number) => number | null
  known: Known
  source: string
}

/** The application's own arithmetic when it was told, else what was seen per user, else one for each user. */
export function clientsOf(snapshot: Snapshot, poolers: readonly Pooler[], {app, currentUsers}: Context): Clients {
  if (app) {
    const {instances, workers, threads, poolSize} = app
    const count = instances * workers * (poolSize ?? threads)
    const each = poolSize === undefined ? `${threads} threads` : `a pool of ${poolSize}`
    return {
      at: () => count,
      breaksAt: capacity => (count > capacity ? 1 : null),
      known: 'configured',
      source: `app: ${instances} instances x ${workers} processes x ${each}, however many users there are`,
    }
  }
  const seen = seenClients(snapshot, poolers)
  if (currentUsers && seen.count > 0) {
    return perUser(seen.count / currentUsers, 'measured', `${seen.count} ${seen.source} at ${currentUsers} users`)
  }
  return perUser(1, 'assumed', 'one for each user; app: in ahsp-db.yaml, or --current-users N under load, tells better')
}

const perUser = (rate: number, known: Known, source: string): Clients => ({
  at: users => Math.ceil(rate * users - 1e-9),
  breaksAt: capacity => Math.floor(capacity / rate + 1e-9) + 1,
  known,
  source,
})

function seenClients({sections}: Snapshot, poolers: readonly Pooler[]): {count: number; source: string} {
  const peaks = poolers.map(({samples}) => {
    const counts = samples.map(({pools}) => pools.reduce((sum, p) => sum + p.clientsActive + p.clientsWaiting, 0))
    return Math.max(0, ...counts)
  })
  const pooled = peaks.reduce((sum, peak) => sum + peak, 0)
  if (pooled > 0) return {count: pooled, source: "clients in the poolers' pools"}
  const observed = observedClients(sections.activity, sections.databases)
  return {count: observed?.exact ? observed.peak : 0, source: 'client backends'}
}

/** Busy server connections, measured now and scaled to N users: linear, as long as response times stay as they are. */
export type Busy = {
  load: Load
  /** of the pools, per database of the pooler where it was measured there */
  databases: {database: string; busy: number}[]
  users: number
}

/** Null without a window, or when it is not known how many users were at work in it. */
export function busyOf(snapshot: Snapshot, poolers: readonly Pooler[], {currentUsers}: Context): Busy | null {
  const server = serverLoad(snapshot)
  const databases = pooledLoad(poolers)
  const pooled = databases.reduce((sum, {busy}) => sum + busy, 0)
  const perSecond = databases.reduce((sum, one) => sum + one.perSecond, 0)
  if (!currentUsers || (!server && databases.length === 0)) return null
  const load = server ?? {
    active: 0,
    idleInTransaction: 0,
    busy: pooled,
    seconds: poolers[0]?.samples.at(-1)?.at ?? 0,
    source: 'transaction time of SHOW STATS',
    perSecond: null,
  }
  if (load.busy === 0 && pooled === 0) return null
  return {load: {...load, perSecond: databases.length > 0 ? perSecond : null}, databases, users: currentUsers}
}

/** What the pools have to carry now: as the poolers measured it, or the server when nothing went through them. */
export const pooledBusy = ({databases, load}: Busy): number =>
  databases.length > 0 ? databases.reduce((sum, {busy}) => sum + busy, 0) : load.busy

/** Client backends of roles that have no pool: they stay, whatever the pools do. Null: sessions are hidden. */
export function otherConsumers({sections}: Snapshot, poolers: readonly Pooler[]): number | null {
  if (!sections.activity.ok) return null
  const pooledRoles = new Set(poolers.flatMap(pooler => poolsNow(pooler).map(({user}) => user)))
  return outsideSessions(poolers, sections.activity.data).filter(({user}) => !pooledRoles.has(user ?? '')).length
}
