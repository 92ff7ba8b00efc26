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

/** Poolers made by hand, for the edges of a rule's judgement: version 1.18 at 10.0.0.5, with the AHSP database. */
export const pooler = (part: Partial<Pooler> = {}): Pooler => ({
  target: {host: '10.0.0.5', port: 6432, user: 'stats'},
  addresses: [],
  version: '1.18.0',
  versionNum: 11_800,
  config: config(),
  databases: [entry()],
  users: [],
  lists: {},
  clients: [],
  servers: [],
  memoryBytes: 0,
  state: null,
  peers: null,
  dns: null,
  samples: [sample({pools: [pool()]})],
  unread: [],
  ...part,
})

/** SHOW CONFIG: what is not named here is not known to the version. */
export const config = (values: Record<string, string | number> = {}): PoolerSetting[] =>
  Object.entries({pool_mode: 'transaction', listen_addr: '10.0.0.5', ...values}).map(([name, value]) => ({
    name,
    value: String(value),
    default: null,
    isReloadable: !/^(listen_\w+|unix_socket_\w+|so_reuseport|pkt_buf|user|pidfile)$/.test(name),
  }))

/** A line of [databases]. */
export const entry = (part: Partial<PoolerDatabase> = {}): PoolerDatabase => ({
  name: 'ahsp',
  host: '127.0.0.1',
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

export const sample = (part: Partial<PoolerSample> = {}): PoolerSample => ({
  at: 0,
  pools: [],
  stats: [],
  remotePids: [],
  answeredMs: 1,
  ...part,
})

export const stats = (part: Partial<PoolerStats> = {}): PoolerStats => ({
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

/** Two looks, ten seconds apart, between which so many transactions went through the one database. */
export const samplesAt = (perSecond: number, pools: Pool[] = [pool()]): PoolerSample[] => [
  sample({pools, stats: [stats()]}),
  sample({at: 10, pools, stats: [stats({transactions: perSecond * 10})]}),
]

/** A server connection of the pool of role app. */
export const held = (remotePid: number, part: Partial<PoolerServer> = {}): PoolerServer => ({
  database: 'ahsp',
  user: 'app',
  state: 'idle',
  address: '127.0.0.1',
  port: 5432,
  remotePid,
  tls: '',
  ...part,
})

/** Clients with the same origin. */
export const clients = (connections: number, part: Partial<PoolerClients> = {}): PoolerClients => ({
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
