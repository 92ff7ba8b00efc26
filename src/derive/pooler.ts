import type {Activity, Pool, Pooler, PoolerDatabase, Section} from '../snapshot.js'

/** A setting of pgbouncer.ini as the process has it; null: this version does not know it. */
export const poolerSetting = (pooler: Pooler, name: string): string | null =>
  pooler.config.find(item => item.name === name)?.value ?? null

/** The same as a number; null when unknown or not a number. */
export function poolerNumber(pooler: Pooler, name: string): number | null {
  const text = poolerSetting(pooler, name)
  return text === null || text.trim() === '' || Number.isNaN(Number(text)) ? null : Number(text)
}

/** `10.0.0.5:6432`: findings about a whole process name it so. */
export const poolerName = ({target: {host, port}}: Pooler): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`

/** The pool_mode under which clients of this database work; a user's own wins over the database's. */
export function poolModeOf(pooler: Pooler, database: PoolerDatabase, user?: string): string {
  const own = pooler.users.find(({name}) => name === user)?.poolMode
  return own ?? database.poolMode ?? poolerSetting(pooler, 'pool_mode') ?? 'session'
}

/** The pools as the last look saw them. */
export const poolsNow = (pooler: Pooler): readonly Pool[] => pooler.samples.at(-1)?.pools ?? []

/** What one (database, user) may open on the server. */
export type PoolLimit = {
  pooler: Pooler
  /** entry of [databases] */
  database: PoolerDatabase
  /** null: nobody has connected yet; one pool will be there as soon as somebody does */
  user: string | null
  poolSize: number
  reserve: number
}

export type PoolCapacity = {
  /** server connections when every pool is full, all processes together */
  connections: number
  pools: PoolLimit[]
  /** PgBouncer processes that were counted */
  processes: number
  /** how it came about, for people */
  formula: string
}

/**
 * cap = sum over (database, user) of pool_size + reserve, bounded by max_db_connections and max_user_connections,
 * times the number of processes. `processes` counts those like the given console (so_reuseport); several consoles
 * are several processes already.
 */
export function poolCapacity(
  poolers: readonly Pooler[],
  isWanted: (pooler: Pooler, database: PoolerDatabase) => boolean,
  processes = 1,
): PoolCapacity {
  const times = poolers.length === 1 ? processes : 1
  const each = poolers.map(pooler => {
    const pools = pooler.databases
      .filter(database => isWanted(pooler, database) && !database.isDisabled)
      .flatMap(database => limitsOf(pooler, database))
    return {pooler, pools, connections: bounded(pooler, pools)}
  })
  const pools = each.flatMap(one => one.pools)
  const connections = each.reduce((sum, one) => sum + one.connections, 0) * times
  return {connections, pools, processes: poolers.length * times, formula: formulaOf(pools, connections, times)}
}

function limitsOf(pooler: Pooler, database: PoolerDatabase): PoolLimit[] {
  const seen = poolsNow(pooler).filter(pool => pool.database === database.name)
  const users = seen.length > 0 ? seen.map(({user}) => user) : [database.forceUser]
  return users.map(user => ({
    pooler,
    database,
    user,
    poolSize: sizeOf(pooler, pooler.users.find(({name}) => name === user)?.poolSize ?? database.poolSize),
    reserve: database.reservePoolSize,
  }))
}

const UNLIMITED_SINCE = 12_400

/** Since 1.24 a pool_size of 0 is no limit: then the clients are. */
const sizeOf = (pooler: Pooler, size: number): number =>
  size === 0 && pooler.versionNum >= UNLIMITED_SINCE ? (poolerNumber(pooler, 'max_client_conn') ?? 0) : size

/** No more than max_db_connections for a database, nor than max_user_connections for a user; 0 is no limit. */
function bounded(pooler: Pooler, pools: PoolLimit[]): number {
  const size = ({poolSize, reserve}: PoolLimit) => poolSize + reserve
  const perDatabase = sumBy(
    pools,
    ({database}) => database.name,
    size,
    ({database}) => database.maxConnections,
  )
  const general = poolerNumber(pooler, 'max_user_connections') ?? 0
  const userLimit = ({user}: PoolLimit) => pooler.users.find(({name}) => name === user)?.maxConnections || general
  const perUser = sumBy(pools, ({user}) => user ?? '', size, userLimit)
  return Math.min(perDatabase, perUser)
}

function sumBy(
  pools: PoolLimit[],
  keyOf: (pool: PoolLimit) => string,
  size: (pool: PoolLimit) => number,
  limitOf: (pool: PoolLimit) => number,
): number {
  const groups = new Map<string, {sum: number; limit: number}>()
  for (const pool of pools) {
    const sum = (groups.get(keyOf(pool))?.sum ?? 0) + size(pool)
    groups.set(keyOf(pool), {sum, limit: limitOf(pool)})
  }
  return [...groups.values()].reduce((total, {sum, limit}) => total + (limit > 0 ? Math.min(sum, limit) : sum), 0)
}

function formulaOf(pools: PoolLimit[], connections: number, times: number): string {
  const sizes = new Map<string, number>()
  for (const {poolSize, reserve} of pools) {
    const size = `${poolSize} + ${reserve}`
    sizes.set(size, (sizes.get(size) ?? 0) + 1)
  }
  const parts = [...sizes].map(([size, count]) => (count === 1 ? `(${size})` : `${count} x (${size})`))
  const sum = parts.length > 4 ? `${pools.length} pools` : parts.join(' + ') || 'no pools'
  return `${sum}${times > 1 ? ` x ${times} processes` : ''} = ${connections}`
}

/** What happened between the first and the last look. */
export type PoolerRate = {
  database: string
  seconds: number
  transactions: number
  perSecond: number
  /** clients' waiting for a server connection, per transaction */
  waitMs: number
  /** server connections in use on average; total_xact_time includes the wait */
  busy: number
}

/** Per database of the pooler; empty when there were not two looks, or the counters were reset in between. */
export function poolerRates({samples}: Pooler): PoolerRate[] {
  const [first, last] = [samples[0], samples.at(-1)]
  if (!first || !last || last.at - first.at < 0.5) return []
  const seconds = last.at - first.at
  return last.stats.flatMap(now => {
    const before = first.stats.find(({database}) => database === now.database)
    const transactions = now.transactions - (before?.transactions ?? 0)
    const waitUs = now.waitTimeUs - (before?.waitTimeUs ?? 0)
    const timeUs = now.transactionTimeUs - (before?.transactionTimeUs ?? 0)
    if (transactions < 0 || waitUs < 0 || timeUs < 0) return []
    return [
      {
        database: now.database,
        seconds,
        transactions,
        perSecond: transactions / seconds,
        waitMs: transactions > 0 ? waitUs / transactions / 1000 : 0,
        busy: Math.max(0, timeUs - waitUs) / 1e6 / seconds,
      },
    ]
  })
}

/**
 * Whether a database of the pooler lies on the server that was read: on the address at which one of its backends was
 * seen among the server's sessions. Where none was seen (or there is no server) every database counts.
 */
export function isOnServer(poolers: readonly Pooler[], activity: Section<Activity>) {
  const pids = new Set(activity.ok ? activity.data.sessions.map(({pid}) => pid) : [])
  const addressOf = (host: string | null, port: number) => `${host} ${port}`
  const seen = new Set(
    poolers.flatMap(pooler =>
      pooler.servers
        .filter(({remotePid}) => pids.has(remotePid))
        .flatMap(server => pooler.databases.filter(({name}) => name === server.database))
        .map(({host, port}) => addressOf(host, port)),
    ),
  )
  return (_pooler: Pooler, {host, port}: PoolerDatabase): boolean => seen.size === 0 || seen.has(addressOf(host, port))
}
