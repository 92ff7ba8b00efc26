import type {Pooler, Section, Sections} from '../snapshot.js'
import {isOnServer, poolsNow} from './pooler.js'
import {type RoleTimeout, relevantRoles, withTransaction} from './timeouts.js'

/** What a rule declares under `uses` to ask about the roles of the pools. */
export type ServerSections = {
  [K in 'server' | 'settings' | 'roles' | 'roleSettings' | 'fileSettings' | 'activity']: Section<Sections[K]>
}

/** A role under which the pool's connections work, and its timeout (0: none; null: hidden). */
export type PoolTimeout = RoleTimeout & {database: string}

/**
 * The timeout of the roles under which this pooler's connections work on the server that was read: those of its pools;
 * while it has none, those that use the server. Null: the server was not read.
 */
export function poolTimeouts(name: string, pooler: Pooler, sections: ServerSections): PoolTimeout[] | null {
  const {server, settings, roles, roleSettings, fileSettings, activity} = sections
  if (!server.ok || !settings.ok || !roles.ok || !roleSettings.ok) return null
  const input = {
    server: server.data,
    settings: settings.data,
    roles: roles.data,
    roleSettings: roleSettings.data,
    fileSettings,
    activity,
  }
  // transaction_timeout is of 17 and later.
  if (!input.settings.some(setting => setting.name === name)) return []
  return rolesOf(pooler, activity, () => relevantRoles(input).names).map(({role, database}) => ({
    ...withTransaction(name, role, {...input, server: {...input.server, database: database ?? server.data.database}}),
    database: database ?? server.data.database,
  }))
}

type InDatabase = {role: string; database: string | null}

function rolesOf(pooler: Pooler, activity: ServerSections['activity'], others: () => string[]): InDatabase[] {
  const isHere = isOnServer([pooler], activity)
  const entries = pooler.databases.filter(entry => isHere(pooler, entry))
  const ofPools = poolsNow(pooler).flatMap(({database, user}) => {
    const entry = entries.find(({name}) => name === database)
    return entry ? [{role: user, database: entry.database}] : []
  })
  if (ofPools.length > 0) return ofPools
  const forced = entries.flatMap(({forceUser, database}) => (forceUser === null ? [] : [{role: forceUser, database}]))
  return forced.length > 0 ? forced : others().map(role => ({role, database: null}))
}

/** Why nothing can be said without the server. */
export const needsServer = (what: string) => ({
  cannotJudge: `${what} is the server's, and the server was not read`,
  cure: 'name the server as well as its PgBouncer',
})
