import type {ClientPoint, ClientRun} from '../../src/loadtest/client.js'
import type {ActivitySample, CounterSample, PoolSample, Run, RunStart} from '../../src/loadtest/record.js'
import type {Sections, Setting, Snapshot} from '../../src/snapshot.js'

export const START: RunStart = {
  type: 'run',
  format: 'ahsp-db/run',
  version: 1,
  tool: '0.1.0',
  at: 1000,
  target: {host: 'db.example', port: 5432, database: 'ahsp', user: 'app'},
  clock: null,
  users: null,
  command: null,
  cpus: null,
}

export const emptyRun = (part: Partial<Run> = {}): Run => ({
  start: START,
  snapshots: {start: null, end: null},
  activity: [],
  counters: [],
  pools: [],
  refusals: [],
  texts: new Map(),
  end: null,
  restarts: [],
  notes: [],
  ...part,
})

export const activity = (at: number, part: Partial<ActivitySample> = {}): ActivitySample => ({
  type: 'activity',
  at,
  total: 10,
  active: 2,
  idle: 7,
  idleInTransaction: 1,
  running: 1,
  waits: [],
  blocked: [],
  statements: [],
  oldestTransaction: null,
  clients: [],
  ...part,
})

export const counters = (at: number, part: Partial<CounterSample> = {}): CounterSample => ({
  type: 'counters',
  at,
  startedAt: 1,
  usable: 97,
  maxConnections: 100,
  commits: 0,
  rollbacks: 0,
  deadlocks: 0,
  tempBytes: 0,
  blocksRead: 0,
  blocksHit: 0,
  activeMs: 0,
  idleInTransactionMs: 0,
  sessions: null,
  statements: null,
  ...part,
})

export const pools = (at: number, part: Partial<PoolSample> = {}): PoolSample => ({
  type: 'pools',
  at,
  console: 'pooler:6432',
  pools: [],
  usedClients: null,
  maxClientConn: null,
  transactions: 0,
  waitMicros: 0,
  transactionMicros: 0,
  ...part,
})

export const point = (at: number, part: Partial<ClientPoint> = {}): ClientPoint => ({
  at,
  users: 50,
  requests: 10,
  failures: 0,
  mean: 100,
  p50: 90,
  p95: 300,
  p99: 500,
  ...part,
})

export function client(points: ClientPoint[], part: Partial<ClientRun> = {}): ClientRun {
  const requests = points.reduce((sum, each) => sum + each.requests, 0)
  return {
    tool: 'locust',
    format: 'built by a test',
    from: points[0]?.at ?? null,
    to: points.at(-1)?.at ?? null,
    total: {
      requests,
      failures: points.reduce((sum, each) => sum + each.failures, 0),
      requestsPerSecond: points.length > 0 ? requests / points.length : null,
      users: points[0]?.users ?? null,
      mean: null,
      p50: null,
      p95: null,
      p99: null,
      max: null,
    },
    points,
    endpoints: [],
    failures: [],
    exceptions: [],
    thresholds: [],
    notes: [],
    ...part,
  }
}

export const setting = (name: string, value: string, part: Partial<Setting> = {}): Setting => ({
  name,
  value,
  unit: null,
  vartype: 'integer',
  context: 'postmaster',
  source: 'configuration file',
  sourceFile: null,
  sourceLine: null,
  bootValue: null,
  resetValue: null,
  pendingRestart: false,
  ...part,
})

const UNREAD = {ok: false, reason: 'unsupported', message: 'not in this test'} as const

/** A snapshot with these sections only. */
export function snapshot(data: Partial<Sections>): Snapshot {
  const sections = Object.fromEntries(Object.entries(data).map(([name, value]) => [name, {ok: true, data: value}]))
  return {
    format: 'ahsp-db/snapshot',
    version: 1,
    tool: '0.1.0',
    target: START.target,
    collectedAt: 1000,
    cutShortBy: null,
    warnings: [],
    window: null,
    sections: new Proxy(sections, {get: (all, name) => all[name as string] ?? UNREAD}) as Snapshot['sections'],
  }
}
