import type {FixRequest} from '../rule.js'
import type {Activity, FileSetting, Role, RoleSetting, Section, Server, Setting} from '../snapshot.js'
import {quoteIdent} from '../sql/quote.js'
import {milliseconds} from '../units.js'
import {clientSessions} from './sessions.js'
import {overrideFor, parseMs, setting} from './settings.js'

/** A timeout as it holds for one role in the connected database. */
export type RoleTimeout = {
  role: string
  /** 0: none; null: hidden from us */
  ms: number | null
  override: RoleSetting | null
}

export type TimeoutInput = {
  server: Server
  settings: Setting[]
  roles: Role[]
  roleSettings: RoleSetting[]
  fileSettings: Section<FileSetting[]>
  activity: Section<Activity>
}

/** Sources by which ALTER ROLE/DATABASE gave our own session a value that says nothing about others. */
const OWN = ['global', 'database', 'user', 'database user', 'client', 'session']

/** Sessions of people and of tools that set their own timeouts. */
const TOOLS = /^(psql|pg_|pgAdmin|DBeaver|DataGrip|vacuumdb|reindexdb|Navicat|TablePlus)/i

/** The value in force for `role`: role+db > role > db > all > server. */
export function timeoutOf(
  name: string,
  role: string,
  {server, settings, roleSettings, fileSettings}: Omit<TimeoutInput, 'roles' | 'activity'>,
): RoleTimeout {
  const override = overrideFor(roleSettings, name, role, server.database)
  if (override) return {role, ms: parseMs(override.value), override}
  const {source, value, bootValue} = setting(settings, name)
  if (!OWN.includes(source)) return {role, ms: Number(value), override: null}
  if (!fileSettings.ok) return {role, ms: null, override: null}
  const line = fileSettings.data.filter(item => item.name === name && item.applied).at(-1)
  return {role, ms: parseMs(line?.value ?? bootValue ?? ''), override: null}
}

/**
 * The roles whose timeouts matter: those with sessions in this database, superusers only when the application is one;
 * without any, the ordinary login roles.
 */
export function relevantRoles({server, roles, activity}: TimeoutInput): {names: string[]; inUse: boolean} {
  const seen = activity.ok
    ? clientSessions(activity.data)
        .filter(({database, application}) => database === server.database && !TOOLS.test(application))
        .map(({user}) => user ?? '')
    : roles.filter(({connections}) => connections > 0).map(({name}) => name)
  const isSuperuser = (name: string) => roles.some(role => role.name === name && role.isSuperuser)
  const used = [...new Set(seen)].sort()
  const ordinary = used.filter(name => !isSuperuser(name))
  if (ordinary.length > 0) return {names: ordinary, inUse: true}
  if (activity.ok && used.length > 0) return {names: used, inUse: true}
  const able = roles.filter(role => !role.isSuperuser && role.name !== server.user).map(({name}) => name)
  return {names: able.length > 0 ? able.sort() : [server.user], inUse: false}
}

export type Timeouts = {
  known: (RoleTimeout & {ms: number})[]
  /** those with no limit, or one above `maxMs` */
  offenders: (RoleTimeout & {ms: number})[]
  inUse: boolean
}

/**
 * Null when no role's value can be told. A role that has a value of its own, as those for migrations and backups do, is
 * left alone as long as another role is bounded.
 */
export function judgeTimeouts(name: string, maxMs: number, input: TimeoutInput): Timeouts | null {
  const {names, inUse} = relevantRoles(input)
  const known = names
    .map(role => withTransaction(name, role, input))
    .filter((each): each is Timeouts['known'][0] => each.ms !== null)
  if (known.length === 0) return null
  const isBounded = ({ms}: {ms: number}) => ms > 0 && ms <= maxMs
  const others = known.some(isBounded)
  const isMeant = ({override}: RoleTimeout) => others && (!inUse || (override !== null && override.role !== null))
  return {known, offenders: known.filter(each => !isBounded(each) && !isMeant(each)), inUse}
}

/** transaction_timeout (17+) ends statements, waits and idleness alike. */
export function withTransaction(name: string, role: string, input: TimeoutInput): RoleTimeout {
  const own = timeoutOf(name, role, input)
  if (!input.settings.some(s => s.name === 'transaction_timeout')) return own
  const {ms} = timeoutOf('transaction_timeout', role, input)
  return ms && own.ms !== null && (own.ms === 0 || ms < own.ms) ? {...own, ms} : own
}

/** `30 s for role "app"`, three at most */
export function timeoutsText(name: string, timeouts: {role: string; ms: number}[]): string {
  const each = timeouts.slice(0, 3).map(({role, ms}) => `${ms > 0 ? milliseconds(ms) : 0} for role ${quoteIdent(role)}`)
  const more = timeouts.length > 3 ? ` and ${timeouts.length - 3} more roles` : ''
  return `${name} = ${each.join(', ')}${more}`
}

/** For the one role that lacks it, or where a role's or database's own value wins; else for the server. */
export function timeoutFixes(name: string, to: string, offenders: RoleTimeout[], note: string): FixRequest[] {
  const request = {kind: 'setting' as const, name, to, note, risk: 'review' as const}
  const [first, ...rest] = offenders
  if (first && (rest.length === 0 || offenders.some(({override}) => override !== null))) {
    return offenders
      .slice(0, 5)
      .map(({role}) => ({...request, role, title: `Set ${name} = ${to} for role ${quoteIdent(role)}`}))
  }
  return [request]
}

const IDLE = 'idle_in_transaction_session_timeout'

/** The timeout that would have ended forgotten transactions of `role`; none when it has one, or that is unknown. */
export function idleTimeoutFix(
  role: string | null,
  input: {
    server: Server
    settings: Section<Setting[]>
    roleSettings: Section<RoleSetting[]>
    fileSettings: Section<FileSetting[]>
  },
): FixRequest[] {
  const {server, settings, roleSettings, fileSettings} = input
  if (role === null || !settings.ok || !roleSettings.ok) return []
  if (!settings.data.some(({name}) => name === IDLE)) return []
  const known = {server, settings: settings.data, roleSettings: roleSettings.data, fileSettings}
  if (timeoutOf(IDLE, role, known).ms !== 0) return []
  const title = `Let the server end forgotten transactions of role ${quoteIdent(role)}`
  const note = 'It holds for new sessions. Their clients must cope with a lost connection.'
  return [{kind: 'setting', name: IDLE, to: '60s', role, risk: 'review', title, note}]
}
