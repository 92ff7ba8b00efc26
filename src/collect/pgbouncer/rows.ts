import type {
  Pool,
  PoolerClients,
  PoolerDatabase,
  PoolerPeer,
  PoolerServer,
  PoolerSetting,
  PoolerStats,
  PoolerUser,
} from '../../snapshot.js'

/**
 * Rows of SHOW commands as data, by column name: columns come, go and move with the versions (1.12 to 1.25), and
 * numbers arrive as numbers or as text.
 */
export type Row = Record<string, unknown>

const text = (value: unknown): string => (value === null || value === undefined ? '' : String(value))
const orNull = (value: unknown): string | null => (value === null || value === undefined ? null : String(value))
const numberOrNull = (value: unknown): number | null => {
  const found = text(value).trim() === '' ? Number.NaN : Number(value)
  return Number.isFinite(found) ? found : null
}
const number = (value: unknown): number => numberOrNull(value) ?? 0
const isTrue = (value: unknown): boolean => number(value) > 0

/** The console's own pools and statistics are not the application's, nor are cancel requests passed on to peers. */
const isOwn = (row: Row) => row.database === 'pgbouncer' || row.name === 'pgbouncer' || row.database === '(nodb)'
const foreign = (rows: Row[]) => rows.filter(row => !isOwn(row))

/** `PgBouncer 1.18.0` -> 1.18.0 and 11800. */
export function toVersion(banner: string): {version: string; versionNum: number} {
  const [, major = '0', minor = '0', patch = '0'] = /(\d+)\.(\d+)(?:\.(\d+))?/.exec(banner) ?? []
  return {
    version: `${major}.${minor}.${patch}`,
    versionNum: Number(major) * 10_000 + Number(minor) * 100 + Number(patch),
  }
}

export const toConfig = (rows: Row[]): PoolerSetting[] =>
  rows.map(row => ({
    name: text(row.key),
    value: text(row.value),
    default: orNull(row.default),
    isReloadable: text(row.changeable) !== 'no',
  }))

export const toDatabases = (rows: Row[]): PoolerDatabase[] =>
  foreign(rows).map(row => ({
    name: text(row.name),
    host: orNull(row.host),
    port: number(row.port),
    database: text(row.database),
    forceUser: orNull(row.force_user),
    poolSize: number(row.pool_size),
    minPoolSize: numberOrNull(row.min_pool_size),
    // 1.24 renamed it.
    reservePoolSize: number(row.reserve_pool_size ?? row.reserve_pool),
    poolMode: orNull(row.pool_mode),
    maxConnections: number(row.max_connections),
    currentConnections: number(row.current_connections),
    isPaused: isTrue(row.paused),
    isDisabled: isTrue(row.disabled),
  }))

export const toPools = (rows: Row[]): Pool[] =>
  foreign(rows).map(row => ({
    database: text(row.database),
    user: text(row.user),
    poolMode: text(row.pool_mode),
    clientsActive: number(row.cl_active),
    clientsWaiting: number(row.cl_waiting),
    serversActive: number(row.sv_active),
    serversIdle: number(row.sv_idle),
    serversUsed: number(row.sv_used),
    serversTested: number(row.sv_tested),
    serversLogin: number(row.sv_login),
    maxWait: number(row.maxwait) + number(row.maxwait_us) / 1e6,
  }))

export const toStats = (rows: Row[]): PoolerStats[] =>
  foreign(rows).map(row => ({
    database: text(row.database),
    transactions: number(row.total_xact_count),
    queries: number(row.total_query_count),
    transactionTimeUs: number(row.total_xact_time),
    queryTimeUs: number(row.total_query_time),
    waitTimeUs: number(row.total_wait_time),
    serverAssignments: numberOrNull(row.total_server_assignment_count),
    clientParses: numberOrNull(row.total_client_parse_count),
    binds: numberOrNull(row.total_bind_count),
  }))

export const toUsers = (rows: Row[]): PoolerUser[] =>
  foreign(rows).map(row => ({
    name: text(row.name),
    poolMode: orNull(row.pool_mode),
    poolSize: numberOrNull(row.pool_size),
    maxConnections: numberOrNull(row.max_user_connections),
  }))

export const toLists = (rows: Row[]): Record<string, number> =>
  Object.fromEntries(rows.map(row => [text(row.list), number(row.items)]))

export const toServers = (rows: Row[]): PoolerServer[] =>
  foreign(rows).map(row => ({
    database: text(row.database),
    user: text(row.user),
    state: text(row.state),
    address: text(row.addr),
    port: number(row.port),
    remotePid: number(row.remote_pid),
    tls: text(row.tls),
  }))

/** Thousands of clients become a few groups: who they are matters, not each. */
export function toClients(rows: Row[]): PoolerClients[] {
  const groups = new Map<string, PoolerClients>()
  for (const row of foreign(rows)) {
    const statements = numberOrNull(row.prepared_statements)
    const group = {
      database: text(row.database),
      user: text(row.user),
      application: orNull(row.application_name),
      address: text(row.addr),
      state: text(row.state),
      tls: text(row.tls),
    }
    const key = JSON.stringify(group)
    const known = groups.get(key) ?? {...group, connections: 0, preparedStatements: null}
    known.connections += 1
    if (statements !== null) known.preparedStatements = (known.preparedStatements ?? 0) + statements
    groups.set(key, known)
  }
  return [...groups.values()].sort((a, b) => b.connections - a.connections)
}

/** name, size, used, free, memtotal */
export const toMemory = (rows: Row[]): number => rows.reduce((sum, row) => sum + number(row.memtotal), 0)

export const toState = (rows: Row[]): string | null => {
  const active = rows.filter(row => text(row.value) === 'yes').map(row => text(row.key))
  return active[0] ?? null
}

export const toPeers = (rows: Row[]): PoolerPeer[] =>
  rows.map(row => ({id: number(row.peer_id), host: text(row.host), port: number(row.port)}))

export const toDns = (rows: Row[]) =>
  rows.map(row => ({
    hostname: text(row.hostname),
    addresses: text(row.addrs)
      .split(',')
      .map(address => withoutPort(address.trim()))
      .filter(Boolean),
  }))

/** `10.0.0.6:0`, `[2001:db8::6]:0`: the port is none of DNS's. */
const withoutPort = (address: string) => address.replace(/^\[([^\]]*)\]:\d+$/, '$1').replace(/^([\d.]+):\d+$/, '$1')
