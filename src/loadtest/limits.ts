import {usableConnections} from '../derive/connections.js'
import {WAIT_LIMIT_MS} from '../derive/pool-budget.js'
import {isOnServer, poolCapacity, poolModeOf} from '../derive/pooler.js'
import type {PoolSample, Run} from './record.js'

/** More active sessions for each core only take turns. */
export const ACTIVE_PER_CORE = 2

/** What the links between users and processors carry; null: not known, or there is none. */
export type Limits = {
  /** server connections of all pools in front of the server */
  pool: number | null
  /** how many pools those are together */
  pools: number
  /** how the pool's size is written: `pool_size of 2 pools` */
  poolName: string
  /** connections that the server accepts from ordinary roles */
  usable: number | null
  /** of the server */
  cores: number | null
  /** milliseconds: the slowest response that the phase allows to one request in twenty */
  p95Ms: number | null
  /** milliseconds that a transaction may wait for a connection on average */
  waitMs: number
}

/** The limits as they stood when the run began; `p95Ms` is the phase's. */
export function limitsOf(run: Run, {cores, p95Ms}: {cores?: number | null; p95Ms?: number | null} = {}): Limits {
  const snapshot = run.snapshots.start ?? run.snapshots.end
  const settings = snapshot?.sections.settings
  return {
    ...poolOf(run),
    usable: run.counters.at(-1)?.usable ?? (settings?.ok ? usableConnections(settings.data).usable : null),
    cores: cores ?? run.start.cpus,
    p95Ms: p95Ms ?? null,
    waitMs: WAIT_LIMIT_MS,
  }
}

const NONE = {pool: null, pools: 0, poolName: 'pool_size'}

/** Pools that were used; in session mode a client keeps its connection, so a pool's size limits no transactions. */
function poolOf({snapshots: {start, end}, pools: samples}: Run): Pick<Limits, 'pool' | 'pools' | 'poolName'> {
  // Before the load nobody may have connected yet, and a pool exists from its first client on.
  const snapshot = end?.sections.poolers.ok ? end : start
  if (!snapshot?.sections.poolers.ok) return NONE
  const poolers = snapshot.sections.poolers.data
  const {pools, processes} = poolCapacity(poolers, isOnServer(poolers, snapshot.sections.activity))
  const used = usedPools(samples)
  const shared = pools.filter(
    ({pooler, database, user}) =>
      poolModeOf(pooler, database, user ?? undefined) !== 'session' &&
      (used.size === 0 ? user !== null : used.has(keyOf(database.name, user))),
  )
  if (shared.length === 0) return NONE
  const name = `pool_size of ${shared.length} ${shared.length === 1 ? 'pool' : 'pools'}`
  return {
    pool: shared.reduce((sum, {poolSize}) => sum + poolSize, 0),
    pools: shared.length,
    poolName: processes > 1 ? `${name} in ${processes} processes` : name,
  }
}

const keyOf = (database: string, user: string | null) => JSON.stringify([database, user])

function usedPools(samples: readonly PoolSample[]): Set<string> {
  const busy = samples.flatMap(({pools}) => pools.filter(pool => pool.serversActive + pool.clientsWaiting > 0))
  return new Set(busy.map(({database, user}) => keyOf(database, user)))
}
