import type {Context} from '../rule.js'
import type {Activity, Setting} from '../snapshot.js'
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

export type Demand = {
  connections: number
  /** configured: the application's own arithmetic; observed: scaled from a window; assumed: from the users alone */
  basis: 'configured' | 'observed' | 'assumed'
  /** how the number came about, for people */
  formula: string
}

/** Backends that N users need: what the application can open when known, else observed per user, else assumed. */
export function demandFor(context: Context, peakClients: number | null, overhead: number): Demand | null {
  const {app, users, currentUsers} = context
  if (app) {
    const each = app.poolSize ?? app.workers * app.threads
    const parts = app.poolSize === undefined ? `${app.workers} workers x ${app.threads} threads` : `pool of ${each}`
    return {connections: app.instances * each, basis: 'configured', formula: `${app.instances} instances x ${parts}`}
  }
  if (users === undefined) return null
  if (currentUsers && peakClients !== null) {
    const connections = Math.ceil((peakClients / currentUsers) * users)
    return {
      connections,
      basis: 'observed',
      formula: `peak of ${peakClients} at ${currentUsers} users, scaled to ${users} users`,
    }
  }
  return {
    connections: users + overhead,
    basis: 'assumed',
    formula: `1 backend per user + ${overhead} for jobs, admin and monitoring`,
  }
}

/** Highest number of client connections in the samples; null when other roles' sessions are hidden. */
export const peakClients = (activity: Activity): number | null =>
  activity.samples.length === 0 ? null : Math.max(...activity.samples.map(sample => sample.clients))

export type ClientGroup = {user: string; application: string; clientAddr: string; connections: number}

/** Long-lived connections per role, application and address: what an application's threads or pool look like. */
export function longLivedClients(activity: Activity, now: number, olderThanSeconds: number): ClientGroup[] {
  const groups = new Map<string, ClientGroup>()
  for (const session of activity.sessions) {
    if (session.backendType !== 'client backend' || session.backendStart === null) continue
    if (now - session.backendStart < olderThanSeconds) continue
    const group = {
      user: session.user ?? '',
      application: session.application,
      clientAddr: session.clientAddr ?? 'local socket',
    }
    const key = JSON.stringify(group)
    const known = groups.get(key) ?? {...group, connections: 0}
    known.connections += 1
    groups.set(key, known)
  }
  return [...groups.values()].sort((a, b) => b.connections - a.connections || a.user.localeCompare(b.user))
}

/** The next multiple of 50 for max_connections at which `demand` stays below `limitPercent` of the usable ones. */
export const maxConnectionsFor = (demand: number, reserved: number, limitPercent: number): number =>
  Math.ceil((demand / (limitPercent / 100) + reserved) / 50) * 50
