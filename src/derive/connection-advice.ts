import type {FixRequest} from '../rule.js'
import {maxConnectionsFor, type Usable} from './connections.js'
import {POOLED_LIMIT, type PooledDemand, useThePooler} from './pooled-demand.js'

export const raiseMaxConnections = (to: number): FixRequest => ({
  kind: 'setting',
  name: 'max_connections',
  to: `${to}`,
  risk: 'review',
  note: 'each backend may use work_mem several times: look at memory/work-mem afterwards',
})

/** Fewer backends for the same clients; `names`: the pooler that is there and is not used, null: none is. */
export const putPooler = (clients: number, backends: number, names: string | null): FixRequest => ({
  kind: 'action',
  title: names ? 'Use the pooler that is there' : 'Put a pooler (PgBouncer) between the application and PostgreSQL',
  risk: 'review',
  steps: [
    `Let it accept ${clients} clients (max_client_conn) and open at most ${backends} backends (default_pool_size of ` +
      'all pools together), with pool_mode = transaction',
    names
      ? useThePooler(names)
      : 'Point the application at it (port 6432), and make sure that nothing connects around it',
  ],
  note: `Or give the application at most ${backends} threads in all: then they fit without a pooler.`,
})

/** `pooled`: the clients come through the pooler of these names already */
export type PoolerThere = {pooled: PooledDemand | null; names: string | null}

/** For connections in use: fewer of them first when most are idle, else more; above `poolerAbove` only fewer. */
export function fewerOrMore(
  wanted: number,
  {usable, reserved}: Usable,
  isIdle: boolean,
  {warnAt, poolerAbove}: {warnAt: number; poolerAbove: number},
  there: PoolerThere,
): FixRequest[] {
  const limit = there.pooled ? POOLED_LIMIT : warnAt
  const to = maxConnectionsFor(wanted, reserved, limit)
  const fewer = openFewer(Math.ceil((usable * limit) / 100) - 1, there)
  if (to > poolerAbove) return [fewer]
  return isIdle ? [fewer, raiseMaxConnections(to)] : [raiseMaxConnections(to), fewer]
}

function openFewer(fit: number, {pooled, names}: PoolerThere): FixRequest {
  const other = pooled
    ? `Or lower default_pool_size of PgBouncer (${names}): all its pools together within ${fit} server connections`
    : names
      ? useThePooler(names)
      : `Or put a pooler (PgBouncer, pool_mode = transaction) in front, with ${fit} server connections in all`
  return {
    kind: 'action',
    title: `Let the clients open fewer than ${fit + 1} connections in all`,
    steps: ['Instances x processes x threads (or pool size) is what they may open: lower one of them', other],
  }
}
