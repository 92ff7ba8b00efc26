import type {Activity, Pooler, PoolerDatabase, Section, Session} from '../snapshot.js'
import {isOnServer, poolModeOf, poolsNow} from './pooler.js'

/** One (entry of [databases], user) with the role that the server sees: an entry's user= replaces the client's. */
export type PooledRole = {
  pooler: Pooler
  entry: PoolerDatabase
  role: string
  mode: string
  /** clients connected through it now, waiting ones included */
  clients: number
}

/** A database of the server, and who comes to it through which poolers: entries are aliases of databases. */
export type ServedDatabase = {
  /** as the server calls it */
  database: string
  entries: {pooler: Pooler; entry: PoolerDatabase}[]
  roles: PooledRole[]
  /** names that are at home in the pooler: roles of the server, and those by which clients log in */
  names: Set<string>
  clients: number
  /** since each PgBouncer started */
  transactions: number
}

/** The databases of this server that the poolers pass on, by their names there. */
export function servedDatabases(poolers: readonly Pooler[], activity: Section<Activity>): ServedDatabase[] {
  const isHere = isOnServer(poolers, activity)
  const served = new Map<string, ServedDatabase>()
  for (const pooler of poolers) {
    for (const entry of pooler.databases.filter(each => isHere(pooler, each))) {
      const known = served.get(entry.database) ?? emptyOf(entry.database)
      served.set(entry.database, known)
      const roles = rolesOf(pooler, entry)
      const logins = pooler.clients.filter(({database}) => database === entry.name).map(({user}) => user)
      known.entries.push({pooler, entry})
      known.roles.push(...roles)
      for (const name of [...roles.map(({role}) => role), ...logins]) known.names.add(name)
      known.clients += roles.reduce((sum, {clients}) => sum + clients, 0)
      known.transactions +=
        pooler.samples.at(-1)?.stats.find(({database}) => database === entry.name)?.transactions ?? 0
    }
  }
  return [...served.values()].sort((a, b) => (a.database < b.database ? -1 : 1))
}

const emptyOf = (database: string): ServedDatabase => ({
  database,
  entries: [],
  roles: [],
  names: new Set(),
  clients: 0,
  transactions: 0,
})

const rolesOf = (pooler: Pooler, entry: PoolerDatabase): PooledRole[] =>
  poolsNow(pooler)
    .filter(({database}) => database === entry.name)
    .map(pool => ({
      pooler,
      entry,
      role: entry.forceUser ?? pool.user,
      mode: poolModeOf(pooler, entry, pool.user),
      clients: pool.clientsActive + pool.clientsWaiting,
    }))

/** Backends that the poolers hold, or held in any of the looks. */
export const poolerPids = (poolers: readonly Pooler[]): Set<number> =>
  new Set(
    poolers.flatMap(({samples, servers}) => [
      ...samples.flatMap(({remotePids}) => remotePids),
      ...servers.map(({remotePid}) => remotePid),
    ]),
  )

/** Client backends that are in no pool, those too young to be sure of included. */
export function outsideSessions(poolers: readonly Pooler[], activity: Activity): Session[] {
  const pids = poolerPids(poolers)
  return activity.sessions.filter(({pid, backendType}) => backendType === 'client backend' && !pids.has(pid))
}

/**
 * Of those, the ones that were there before the pools were first looked at, so that each look would have shown them:
 * they came past the pooler. The look that follows the reading of the sessions is the last but one.
 */
export function directSessions(poolers: readonly Pooler[], activity: Activity): Session[] {
  const looked = poolers.map(({samples}) => (samples.length > 2 ? samples.at(-2) : samples.at(-1))?.at ?? Infinity)
  const firstLook = activity.at - Math.max(...looked)
  return outsideSessions(poolers, activity).filter(
    ({backendStart}) => backendStart !== null && backendStart < firstLook,
  )
}

/**
 * False when the pools hold server connections, and none of them is a session of this server: another server, or one
 * more pooler in between. Then nothing can be told from process ids.
 */
export function isPairKnown(poolers: readonly Pooler[], activity: Activity): boolean {
  const held = poolers.flatMap(({servers}) => servers.filter(({remotePid}) => remotePid > 0))
  const pids = new Set(activity.sessions.map(({pid}) => pid))
  return held.length === 0 || held.some(({remotePid}) => pids.has(remotePid))
}
