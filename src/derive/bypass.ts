import type {Activity, Pooler, Role, Section, Session} from '../snapshot.js'
import {ADMIN_TOOLS} from './admin-tools.js'
import {directSessions, isPairKnown, poolerPids, type ServedDatabase, servedDatabases} from './served.js'

/** Sessions of one role in one database that came past the pooler. */
export type Bypass = {
  served: ServedDatabase
  role: string
  sessions: Session[]
  /** clients that this role has connected through the pooler */
  pooledClients: number
  /** of all clients of this role, in percent */
  share: number
}

export type Direct = {
  /** of applications, most first */
  bypasses: Bypass[]
  /** of the served databases: tools, superusers, listeners, and roles that do not belong to the pooler */
  others: Session[]
}

/** LISTEN needs a session of its own where pools work by transaction: a listener belongs past the pooler. */
const LISTENS = /^\s*(?:UN)?LISTEN\b/i

/**
 * Who came past the poolers, and whether it is the application: a role that has a pool, too, or any ordinary role when
 * nothing at all has come through the pooler. `tools` are beginnings of application names that may connect directly.
 */
export function directClients(
  poolers: readonly Pooler[],
  activity: Activity,
  roles: readonly Role[],
  tools: readonly string[],
  processes = 1,
): Direct {
  const superusers = new Set(roles.filter(({isSuperuser}) => isSuperuser).map(({name}) => name))
  const isOtherProcess = fromOtherProcess(poolers, activity, processes)
  const direct = directSessions(poolers, activity)
  const others: Session[] = []
  const bypasses: Bypass[] = []
  for (const served of servedDatabases(poolers, {ok: true, data: activity})) {
    const here = direct.filter(({database}) => database === served.database)
    const isApplication = (session: Session) =>
      !isTool(session, tools) &&
      !LISTENS.test(session.query) &&
      !isOtherProcess(session) &&
      (served.names.has(session.user ?? '') || (isUnused(served) && !superusers.has(session.user ?? '')))
    others.push(...here.filter(session => !isApplication(session)))
    for (const [role, sessions] of byRole(here.filter(isApplication))) {
      const pooledClients = served.roles.filter(each => each.role === role).reduce((sum, {clients}) => sum + clients, 0)
      const share = (sessions.length / (sessions.length + pooledClients)) * 100
      bypasses.push({served, role, sessions, pooledClients, share})
    }
  }
  bypasses.sort((a, b) => b.sessions.length - a.sessions.length || (a.role < b.role ? -1 : 1))
  return {bypasses, others}
}

/** Nobody is connected through the pooler, and nobody was. */
const isUnused = ({clients, transactions}: ServedDatabase): boolean => clients === 0 && transactions === 0

const isTool = ({application}: Session, tools: readonly string[]): boolean =>
  tools.some(tool => application.toLowerCase().startsWith(tool.toLowerCase()))

/**
 * More PgBouncer processes than consoles: the backends of those that were not read look like direct ones, so nothing is
 * said about sessions from the poolers' own addresses.
 */
function fromOtherProcess(poolers: readonly Pooler[], activity: Activity, processes: number) {
  const peers = Math.max(0, ...poolers.map(pooler => pooler.peers?.length ?? 0))
  if (Math.max(processes, peers) <= poolers.length) return () => false
  const pids = poolerPids(poolers)
  const addresses = new Set(activity.sessions.filter(({pid}) => pids.has(pid)).map(({clientAddr}) => clientAddr))
  return ({clientAddr}: Session) => addresses.has(clientAddr)
}

function byRole(sessions: Session[]): Map<string, Session[]> {
  const groups = new Map<string, Session[]>()
  for (const session of sessions) {
    const role = session.user ?? ''
    groups.set(role, [...(groups.get(role) ?? []), session])
  }
  return groups
}

/** Sessions of applications past the poolers. */
export function bypassing(poolers: readonly Pooler[], activity: Section<Activity>, roles: Section<Role[]>): number {
  if (!activity.ok || !isPairKnown(poolers, activity.data)) return 0
  const {bypasses} = directClients(poolers, activity.data, roles.ok ? roles.data : [], ADMIN_TOOLS)
  return bypasses.reduce((sum, {sessions}) => sum + sessions.length, 0)
}

/** Whether applications hold more than a few sessions past the pooler: then its pools bound nothing. */
export function isBypassed(poolers: readonly Pooler[], activity: Activity, roles: readonly Role[]): boolean {
  if (!isPairKnown(poolers, activity)) return false
  const {bypasses} = directClients(poolers, activity, roles, ADMIN_TOOLS)
  return bypasses.some(({sessions, share}) => sessions.length > 1 && share >= 10)
}
