import type {Context, FindingDraft, Verdict} from '../rule.js'
import type {Activity, Pooler, Role, Section} from '../snapshot.js'
import {isBypassed} from './bypass.js'
import {type Demand, maxConnectionsFor, type Observed, type Usable} from './connections.js'
import {isOnServer, poolCapacity, poolerName} from './pooler.js'
import {outsideSessions, servedDatabases} from './served.js'

type Known = {poolers: Section<Pooler[]>; activity: Section<Activity>; roles: Section<Role[]>}

/** What is asked of PostgreSQL when a pooler stands before it. */
export type PooledDemand = Demand & {
  /** server connections of full pools, and clients that connect directly */
  pools: number
  direct: number
}

/**
 * With a pooler the users do not count: its full pools and those who connect directly are all that can come. Null when
 * no pooler was read, when it serves nothing here, and when the application connects past it, for then it bounds nothing.
 */
export function pooledDemand({poolers, activity, roles}: Known, context: Context): PooledDemand | null {
  if (!poolers.ok || poolers.total !== undefined || servedDatabases(poolers.data, activity).length === 0) return null
  const known = roles.ok ? roles.data : []
  if (activity.ok && isBypassed(poolers.data, activity.data, known)) return null
  const {connections, formula} = poolCapacity(poolers.data, isOnServer(poolers.data, activity), context.poolerProcesses)
  const direct = activity.ok ? outsideSessions(poolers.data, activity.data).length : 0
  return {
    connections: connections + direct,
    pools: connections,
    direct,
    basis: 'configured',
    target: context.users === undefined ? 'the pools of PgBouncer' : `${context.users} users through PgBouncer`,
    formula: `full pools ${formula}, and ${direct} clients that connect directly`,
  }
}

/** Beyond this the server has no room for jobs, admin and monitoring beside full pools. */
export const POOLED_LIMIT = 90

/** Whether max_connections is enough for the pools; how large they ought to be is another question. */
export function judgePooled(demand: PooledDemand, budget: Usable, observed: Observed | null): Verdict {
  const {connections, pools, direct, target} = demand
  const max = `max_connections = ${budget.maxConnections}`
  const wanted = `${pools} of full pools + ${direct} direct, of ${budget.usable} usable connections, configured`
  if (connections <= budget.usable) return {summary: `${max} is sufficient for ${target} (${wanted})`, findings: []}
  const to = maxConnectionsFor(connections, budget.reserved, POOLED_LIMIT)
  const finding: FindingDraft = {
    severity: 'high',
    subject: 'max_connections',
    title: `${max} is too low for ${target}, recommended ${to}`,
    detail:
      'Full pools want more connections than there are: PgBouncer then hands on refusals instead of letting its clients ' +
      'wait. Smaller pools cure it as well: pooler/over-committed has their lines, and one of the two is enough.',
    evidence: [
      {
        label: 'usable connections',
        value: budget.usable,
        source: `max_connections ${budget.maxConnections} - ${budget.reserved} reserved`,
      },
      {label: 'connections wanted', value: connections, source: `configured: ${demand.formula}`},
      ...(observed ? [{label: 'client connections seen, peak', value: observed.peak, source: observed.source}] : []),
    ],
    confidence: 'estimated',
    fixes: [
      {
        kind: 'setting',
        name: 'max_connections',
        to: `${to}`,
        risk: 'review',
        note: 'each backend may use work_mem several times: look at memory/work-mem afterwards',
      },
    ],
  }
  return {summary: `${max} is too low for ${target} (${wanted})`, findings: [finding]}
}

/** `10.0.0.5:6432`, several with commas; null: none was read. */
export const poolerNames = (poolers: Section<Pooler[]>): string | null =>
  poolers.ok ? poolers.data.map(poolerName).join(', ') : null

/** The first thing to do where a pooler is there already. */
export const useThePooler = (names: string): string =>
  `Let the application come through the PgBouncer that is there (${names}): pooler/bypass tells who does not, and how`
