import type {FixRequest} from '../rule.js'
import type {RoleSetting, Server} from '../snapshot.js'
import {quoteIdent} from '../sql/quote.js'
import {RECONNECT} from './apply.js'
import type {Current} from './current.js'
import type {Plan} from './setting.js'
import {sqlName, sqlValue} from './values.js'

/** Whose setting is changed; null: all. `old` is the value it has there now, null when it has none. */
export type RoleTarget = {role: string | null; database: string | null; old: string | null}

type SettingRequest = Extract<FixRequest, {kind: 'setting'}>

/**
 * The role/database pairs to change: those the request names plus the narrower entries that would beat them;
 * without a request, the entry that decided the value in our own session.
 */
export function roleTargets(request: SettingRequest, current: Current, server: Server | null): RoleTarget[] {
  const role = request.role ?? null
  const database = request.database ?? null
  const entries = current.overrides.map(({role, database, value}) => ({role, database, old: value}))
  const entry = (r: string | null, d: string | null) => entries.find(item => item.role === r && item.database === d)
  if (role !== null || database !== null) {
    const named = entry(role, database) ?? {role, database, old: null}
    const narrower = database === null ? entries.filter(item => item.role === role && item.database !== null) : []
    return [named, ...narrower]
  }
  if (!server) return []
  // Precedence: role in database, role, database, all.
  const winner =
    entry(server.user, server.database) ?? entry(server.user, null) ?? entry(null, server.database) ?? entry(null, null)
  return winner ? [winner] : []
}

/** ALTER ROLE/DATABASE ... SET for every target; new sessions see it, nothing is restarted. */
export function roleSteps(name: string, to: string, targets: RoleTarget[]): Plan {
  const set = (target: RoleTarget, value: string) =>
    `ALTER ${scope(target)} SET ${sqlName(name)} = ${sqlValue(name, value)};`
  const back = (target: RoleTarget) =>
    target.old === null ? `ALTER ${scope(target)} RESET ${sqlName(name)};` : set(target, target.old)
  return {
    apply: 'reconnect',
    from: targets[0]?.old ?? null,
    steps: [{text: 'In SQL', language: 'sql', lines: targets.map(target => set(target, to))}, RECONNECT],
    alternative: [],
    undo: [{text: 'In SQL', language: 'sql', lines: targets.map(back)}, RECONNECT],
  }
}

function scope({role, database}: Pick<RoleSetting, 'role' | 'database'>): string {
  if (role === null) return database === null ? 'ROLE ALL' : `DATABASE ${quoteIdent(database)}`
  return `ROLE ${quoteIdent(role)}${database === null ? '' : ` IN DATABASE ${quoteIdent(database)}`}`
}
