import type {PoolCapacity} from '../derive/pooler.js'
import {quoteIdent} from '../sql/quote.js'
import {number} from '../units.js'
import {HOW_TO_MEASURE, isSessionMode, type Situation} from './chain.js'
import {pooledBusy} from './demand.js'
import {busyFor, leastPoolFor} from './load.js'
import type {Link} from './types.js'

const BASE = {
  id: 'pools' as const,
  title: 'Pools',
  isOverCommitted: false,
  effect: 'clients wait for a server connection, up to query_wait_timeout, then get an error',
}

/** One link per database of the pooler, of which the tightest is told; together when nothing was measured. */
export function poolLinks(situation: Situation, users: number): Link[] {
  const {pools, busy, clients} = situation
  const capacity = sizeOf(situation, null)
  const limit = `pool_size of ${pools.pools.length} ${pools.pools.length === 1 ? 'pool' : 'pools'}`
  if (isSessionMode(situation)) {
    const {known, source} = clients
    const demand = clients.at(users)
    const breaksAt = clients.breaksAt(capacity)
    return [{...BASE, limit: `${limit}, session mode: one for each client`, capacity, demand, breaksAt, known, source}]
  }
  if (!busy) {
    const source = 'how long a user holds a server connection was not measured'
    return [{...BASE, limit, capacity, demand: null, breaksAt: null, known: 'unknown', source, missing: HOW_TO_MEASURE}]
  }
  const parts = busy.databases.length > 0 ? busy.databases : [{database: null, busy: pooledBusy(busy)}]
  const links = parts.map(part => measuredLink(situation, {...part, isOnly: parts.length === 1, limit}, users))
  return links.sort((a, b) => (a.breaksAt ?? Infinity) - (b.breaksAt ?? Infinity)).slice(0, 1)
}

/** Server connections of the pools of one database, or of all, in all processes; the reserve comes late and is not counted. */
function sizeOf({pools, poolers}: Situation, database: string | null): number {
  const own = pools.pools.filter(pool => database === null || pool.database.name === database)
  return own.reduce((sum, {poolSize}) => sum + poolSize, 0) * (pools.processes / Math.max(1, poolers.length))
}

type Part = {database: string | null; busy: number; isOnly: boolean; limit: string}

function measuredLink(situation: Situation, {database, busy: now, isOnly, limit}: Part, users: number): Link {
  const measuredAt = situation.busy!.users
  const perUser = now / measuredAt
  const capacity = sizeOf(situation, database)
  const isWhole = database === null || isOnly
  return {
    ...BASE,
    title: isWhole ? 'Pools' : `Pool of ${quoteIdent(database)}`,
    limit: isWhole ? limit : `pool_size of ${quoteIdent(database)}`,
    capacity,
    demand: leastPoolFor(perUser * users),
    breaksAt: perUser > 0 ? Math.floor(busyFor(capacity) / perUser + 1e-9) + 1 : null,
    known: 'measured',
    source:
      `L = ${number(now)} busy at ${measuredAt} users, so L' = ${number(perUser * users)} at ${users}; ` +
      "needs at least ceil(L' + sqrt(L'))",
  }
}

/** CONNECTION LIMIT of a role or database, where full pools would exceed it. */
export function limitLinks({snapshot, pools, busy}: Situation, users: number): Link[] {
  const {roles, databases} = snapshot.sections
  const wanted = (isIt: (pool: PoolCapacity['pools'][number]) => boolean) =>
    pools.pools.filter(isIt).reduce((sum, {poolSize, reserve}) => sum + poolSize + reserve, 0)
  const limited = [
    ...(roles.ok ? roles.data : [])
      .filter(({connectionLimit, isSuperuser}) => connectionLimit >= 0 && !isSuperuser)
      .map(role => ({
        limit: `CONNECTION LIMIT of role ${quoteIdent(role.name)}`,
        capacity: role.connectionLimit,
        demand: wanted(({user, database}) => (database.forceUser ?? user) === role.name),
      })),
    ...(databases.ok ? databases.data : [])
      .filter(({connectionLimit}) => connectionLimit >= 0)
      .map(database => ({
        limit: `CONNECTION LIMIT of database ${quoteIdent(database.name)}`,
        capacity: database.connectionLimit,
        demand: wanted(pool => pool.database.database === database.name),
      })),
  ].filter(({demand}) => demand > 0)
  const tightest = limited.sort((a, b) => a.capacity - a.demand - (b.capacity - b.demand))[0]
  if (!tightest) return []
  const perUser = busy && pooledBusy(busy) / busy.users
  return [
    {
      id: 'limits',
      title: 'Role and database limits',
      ...tightest,
      demand: Math.min(tightest.demand, perUser === null ? Infinity : leastPoolFor(perUser * users)),
      breaksAt:
        tightest.capacity >= tightest.demand || !perUser ? null : Math.floor(busyFor(tightest.capacity) / perUser) + 1,
      isOverCommitted: tightest.demand > tightest.capacity,
      known: 'configured',
      source: `full pools want ${tightest.demand}`,
      effect: 'the server refuses: too many connections for role or database',
    },
  ]
}
