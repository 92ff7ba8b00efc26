/**
 * One PgBouncer process, as its console shows it. What a version does not have is null; the pools of the console itself
 * (database "pgbouncer") are left out. Times are seconds unless a name says otherwise.
 */
export type Pooler = {
  target: PoolerTarget
  /** what the console's host name meant on this machine, in the order of preference; empty: a socket or an address */
  addresses: string[]
  /** `1.18.0` and 11800 */
  version: string
  versionNum: number
  config: PoolerSetting[]
  databases: PoolerDatabase[]
  users: PoolerUser[]
  /** SHOW LISTS: databases, users, pools, free_clients, used_clients, login_clients, free_servers, used_servers... */
  lists: Record<string, number>
  clients: PoolerClients[]
  servers: PoolerServer[]
  /** SHOW MEM together, in bytes */
  memoryBytes: number
  /** active, paused, suspended; null before 1.19 */
  state: string | null
  peers: PoolerPeer[] | null
  /** what DNS told PgBouncer about the hosts of its databases */
  dns: {hostname: string; addresses: string[]}[] | null
  /** several looks during the run, oldest first; the first and the last also tell rates */
  samples: PoolerSample[]
  /** commands that the console refused, with its words */
  unread: {command: string; message: string}[]
}

export type PoolerTarget = {host: string; port: number; user: string}

export type PoolerSetting = {
  name: string
  value: string
  /** null: not told (before 1.15, and for settings without one) */
  default: string | null
  /** by a reload; otherwise only by a restart */
  isReloadable: boolean
}

export type PoolerDatabase = {
  name: string
  /** null: the unix socket */
  host: string | null
  port: number
  /** the database of the server */
  database: string
  forceUser: string | null
  poolSize: number
  minPoolSize: number | null
  reservePoolSize: number
  /** null: the general pool_mode */
  poolMode: string | null
  /** max_db_connections; 0: no limit */
  maxConnections: number
  currentConnections: number
  isPaused: boolean
  isDisabled: boolean
}

export type PoolerUser = {
  name: string
  poolMode: string | null
  /** null: not told (before 1.23), or not set for this user */
  poolSize: number | null
  /** null: not told (before 1.23); 0: no limit */
  maxConnections: number | null
}

/** Clients with the same origin, counted. */
export type PoolerClients = {
  database: string
  user: string
  application: string | null
  address: string
  /** active, waiting, idle (1.25) ... */
  state: string
  /** TLS version and cipher; empty: none */
  tls: string
  connections: number
  /** of those that have any; null before 1.21 */
  preparedStatements: number | null
}

export type PoolerServer = {
  database: string
  user: string
  /** active, idle, used, tested, login ... */
  state: string
  address: string
  port: number
  /** the backend's pid; 0: not known yet */
  remotePid: number
  tls: string
}

export type PoolerPeer = {id: number; host: string; port: number}

/** SHOW POOLS of one (database, user). */
export type Pool = {
  database: string
  user: string
  poolMode: string
  clientsActive: number
  clientsWaiting: number
  serversActive: number
  serversIdle: number
  serversUsed: number
  serversTested: number
  serversLogin: number
  /** how long the oldest waiting client has waited */
  maxWait: number
}

/** SHOW STATS of one database; counters since PgBouncer started, times in microseconds. */
export type PoolerStats = {
  database: string
  transactions: number
  queries: number
  transactionTimeUs: number
  queryTimeUs: number
  /** clients' waiting for a server */
  waitTimeUs: number
  /** null before 1.23 */
  serverAssignments: number | null
  /** null before 1.24 */
  clientParses: number | null
  binds: number | null
}

export type PoolerSample = {
  /** seconds since the first look, by a clock that only goes forward */
  at: number
  pools: Pool[]
  stats: PoolerStats[]
  /** backends that the pooler holds: pids are only unique on one server, so with its address */
  remotePids: number[]
  /** how long the console took to answer SHOW POOLS, in milliseconds */
  answeredMs: number
}
