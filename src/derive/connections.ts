import type {Context} from '../rule.js'
import type {Activity, Database, Section, Setting} from '../snapshot.js'
import {quoteIdent} from '../sql/quote.js'
import {settingNumber} from './settings.js'

export type Usable = {usable: number; maxConnections: number; reserved: number}

/** usable = max_connections - superuser_reserved_connections - reserved_connections (16+). */
export function usableConnections(settings: readonly Setting[]): Usable {
  const maxConnections = settingNumber(settings, 'max_connections')
  const reservedConnections = settings.some(s => s.name === 'reserved_connections')
    ? settingNumber(settings, 'reserved_connections')
    : 0
  const reserved = settingNumber(settings, 'superuser_reserved_connections') + reservedConnections
  return {usable: maxConnections - reserved, maxConnections, reserved}
}

/** Backends for jobs, admin and monitoring that come on top of one per user, when nothing better is known. */
export const ASSUMED_OVERHEAD = 25

export type Demand = {
  connections: number
  /** configured: the application's own arithmetic; observed: seen, or scaled from it; assumed: from the users alone */
  basis: 'configured' | 'observed' | 'assumed'
  /** who wants them, for titles: "100 users" */
  target: string
  /** how the number came about, for people */
  formula: string
}

/** Backends that N users need: what the application can open when known, else observed per user, else assumed. */
export function demandFor(context: Context, peakClients: number | null, overhead: number): Demand | null {
  const demand = configuredDemand(context) ?? scaledDemand(context, peakClients) ?? assumedDemand(context, overhead)
  const {users, currentUsers} = context
  const asksForFewer = users !== undefined && currentUsers !== undefined && users < currentUsers
  if (!demand || peakClients === null || peakClients <= demand.connections || asksForFewer) return demand
  return {
    connections: peakClients,
    basis: 'observed',
    target: `the ${peakClients} clients seen now`,
    formula: `${peakClients} clients seen now, more than ${demand.formula}`,
  }
}

function configuredDemand({app}: Context): Demand | null {
  if (!app) return null
  const {instances, workers, threads, poolSize} = app
  const connections = instances * workers * (poolSize ?? threads)
  return {
    connections,
    basis: 'configured',
    target: `the application's ${connections} connections`,
    formula: `${instances} instances x ${workers} workers x ${poolSize === undefined ? `${threads} threads` : `a pool of ${poolSize}`}`,
  }
}

/** Nobody connected while users were at work: then their number says nothing, and nothing can be scaled. */
function scaledDemand({users, currentUsers}: Context, peakClients: number | null): Demand | null {
  if (users === undefined || !currentUsers || !peakClients) return null
  return {
    connections: Math.ceil((peakClients / currentUsers) * users),
    basis: 'observed',
    target: `${users} users`,
    formula: `peak of ${peakClients} at ${currentUsers} users, scaled to ${users} users`,
  }
}

function assumedDemand({users}: Context, overhead: number): Demand | null {
  if (users === undefined) return null
  return {
    connections: users + overhead,
    basis: 'assumed',
    target: `${users} users`,
    formula: `1 backend per user + ${overhead} for jobs, admin and monitoring`,
  }
}

export type Observed = {
  peak: number
  /** the fewest in any of the looks */
  least: number
  looks: number
  /** false: counted with what is not a client (autovacuum workers), because sessions are hidden */
  exact: boolean
  source: string
}

/** Client connections while this ran, ours not counted; null when nothing tells. */
export function observedClients(activity: Section<Activity>, databases: Section<Database[]>): Observed | null {
  if (activity.ok && activity.data.samples.length > 0) {
    const clients = activity.data.samples.map(sample => sample.clients)
    const source = `pg_stat_activity, ${clients.length} ${clients.length === 1 ? 'look' : 'looks'}`
    return {peak: Math.max(...clients), least: Math.min(...clients), looks: clients.length, exact: true, source}
  }
  if (!databases.ok) return null
  const backends = databases.data.reduce((sum, database) => sum + database.backends, 0)
  const others = Math.max(0, backends - 1)
  return {peak: others, least: others, looks: 1, exact: false, source: 'pg_stat_database.numbackends'}
}

export type ClientGroup = {
  user: string
  application: string
  clientAddr: string
  connections: number
  active: number
  idleInTransaction: number
}

/** Connections per role, application and address, most first: what an application's threads or pool look like. */
export function clientGroups(activity: Activity, olderThanSeconds: number): ClientGroup[] {
  const groups = new Map<string, ClientGroup>()
  for (const session of activity.sessions) {
    if (session.backendType !== 'client backend' || session.backendStart === null) continue
    if (activity.at - session.backendStart < olderThanSeconds) continue
    const {user, application, clientAddr} = session
    const key = JSON.stringify([user, application, clientAddr])
    const known = groups.get(key) ?? {
      user: user ?? '',
      application,
      clientAddr: clientAddr ?? 'a local socket',
      connections: 0,
      active: 0,
      idleInTransaction: 0,
    }
    known.connections += 1
    if (session.state === 'active') known.active += 1
    if (session.state?.startsWith('idle in transaction')) known.idleInTransaction += 1
    groups.set(key, known)
  }
  const name = (group: ClientGroup) => `${group.user} ${group.application} ${group.clientAddr}`
  return [...groups.values()].sort((a, b) => b.connections - a.connections || (name(a) < name(b) ? -1 : 1))
}

/** `role "app" as "gunicorn" from 10.0.0.3` */
export const groupName = ({user, application, clientAddr}: ClientGroup): string =>
  `role ${quoteIdent(user)}${application ? ` as ${quoteIdent(application)}` : ''} from ${clientAddr}`

/** The next multiple of 50 for max_connections at which `demand` stays below `limitPercent` of the usable ones. */
export function maxConnectionsFor(demand: number, reserved: number, limitPercent: number): number {
  const needed = Math.ceil((demand / (limitPercent / 100) + reserved) / 50) * 50
  return (demand / (needed - reserved)) * 100 < limitPercent ? needed : needed + 50
}
