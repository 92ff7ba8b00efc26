import type {
  Pool,
  Pooler,
  PoolerClients,
  PoolerDatabase,
  PoolerSample,
  PoolerServer,
  PoolerSetting,
  PoolerStats,
} from '../../src/snapshot.js'

/** Poolers made by hand: one process, one database "ahsp", in transaction mode, without clients. */
export function pooler(part: Partial<Pooler> = {}): Pooler {
  return {
    target: {host: '10.0.0.5', port: 6432, user: 'stats'},
    addresses: [],
    version: '1.18.0',
    versionNum: 11800,
    config: config(),
    databases: [poolerDatabase()],
    users: [],
    lists: {},
    clients: [],
    servers: [],
    memoryBytes: 0,
    state: null,
    peers: null,
    dns: null,
    samples: [poolerSample()],
    unread: [],
    ...part,
  }
}

export const config = (values: Record<string, string | number> = {}): PoolerSetting[] =>
  Object.entries({pool_mode: 'transaction', default_pool_size: 20, ...values}).map(([name, value]) => ({
    name,
    value: String(value),
    default: null,
    isReloadable: true,
  }))

export const poolerDatabase = (part: Partial<PoolerDatabase> = {}): PoolerDatabase => ({
  name: 'ahsp',
  host: '10.0.0.1',
  port: 5432,
  database: 'ahsp',
  forceUser: null,
  poolSize: 20,
  minPoolSize: 0,
  reservePoolSize: 0,
  poolMode: null,
  maxConnections: 0,
  currentConnections: 0,
  isPaused: false,
  isDisabled: false,
  ...part,
})

export const pool = (part: Partial<Pool> = {}): Pool => ({
  database: 'ahsp',
  user: 'app',
  poolMode: 'transaction',
  clientsActive: 0,
  clientsWaiting: 0,
  serversActive: 0,
  serversIdle: 0,
  serversUsed: 0,
  serversTested: 0,
  serversLogin: 0,
  maxWait: 0,
  ...part,
})

export const poolerStats = (part: Partial<PoolerStats> = {}): PoolerStats => ({
  database: 'ahsp',
  transactions: 0,
  queries: 0,
  transactionTimeUs: 0,
  queryTimeUs: 0,
  waitTimeUs: 0,
  serverAssignments: null,
  clientParses: null,
  binds: null,
  ...part,
})

export const poolerSample = (part: Partial<PoolerSample> = {}): PoolerSample => ({
  at: 0,
  pools: [],
  stats: [],
  remotePids: [],
  answeredMs: 1,
  ...part,
})

export const poolerServer = (remotePid: number, part: Partial<PoolerServer> = {}): PoolerServer => ({
  database: 'ahsp',
  user: 'app',
  state: 'idle',
  address: '10.0.0.1',
  port: 5432,
  remotePid,
  tls: '',
  ...part,
})

export const poolerClients = (connections: number, part: Partial<PoolerClients> = {}): PoolerClients => ({
  database: 'ahsp',
  user: 'app',
  application: null,
  address: '10.0.0.3',
  state: 'active',
  tls: '',
  connections,
  preparedStatements: null,
  ...part,
})
