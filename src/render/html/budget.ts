import {ASSUMED_OVERHEAD, demandFor, observedClients, type Usable, usableConnections} from '../../derive/connections.js'
import {type PoolCapacity, poolCapacity} from '../../derive/pooler.js'
import {clientSessions, isIdleInTransaction} from '../../derive/sessions.js'
import type {Context} from '../../rule.js'
import type {Snapshot} from '../../snapshot.js'

/** Who may have how many connections: everything in one unit, so that it can be one picture. */
export type Budget = {
  usable: Usable
  /** clients when the sessions were read, by what they did; null: hidden */
  now: {active: number; idleInTransaction: number; idle: number} | null
  /** most clients in any look */
  peak: number | null
  /** server connections when every pool is full */
  pools: PoolCapacity | null
  /** what the users need */
  demand: {connections: number; target: string; formula: string} | null
}

/** Null: the settings do not tell. */
export function usableOf({sections: {settings}}: Snapshot): Usable | null {
  const has = (name: string) => settings.ok && settings.data.some(setting => setting.name === name)
  if (!settings.ok || !has('max_connections') || !has('superuser_reserved_connections')) return null
  return usableConnections(settings.data)
}

/** Null: the settings do not tell. */
export function budgetOf(snapshot: Snapshot, context: Context): Budget | null {
  const {activity, databases, poolers} = snapshot.sections
  const usable = usableOf(snapshot)
  if (!usable) return null
  const peak = observedClients(activity, databases)?.peak ?? null
  return {
    usable,
    now: activity.ok && activity.data.at > 0 ? nowOf(clientSessions(activity.data)) : null,
    peak,
    pools:
      poolers.ok && poolers.data.length > 0 ? poolCapacity(poolers.data, () => true, context.poolerProcesses) : null,
    demand: demandFor(context, peak, ASSUMED_OVERHEAD),
  }
}

function nowOf(sessions: ReturnType<typeof clientSessions>): NonNullable<Budget['now']> {
  const active = sessions.filter(({state}) => state === 'active').length
  const idleInTransaction = sessions.filter(isIdleInTransaction).length
  return {active, idleInTransaction, idle: sessions.length - active - idleInTransaction}
}
