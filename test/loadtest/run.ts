import type {ClientPoint, ClientRun} from '../../src/loadtest/client.js'
import type {CounterSample, Run} from '../../src/loadtest/record.js'

export const START = 1_800_000_000

export const point = (
  second: number,
  users: number | null,
  requests: number,
  more: Partial<ClientPoint> = {},
): ClientPoint => ({
  at: START + second,
  users,
  requests,
  failures: 0,
  mean: null,
  p50: null,
  p95: null,
  p99: null,
  ...more,
})

export function clientRun(points: ClientPoint[], total: Partial<ClientRun['total']> = {}): ClientRun {
  const requests = points.reduce((sum, one) => sum + one.requests, 0)
  return {
    tool: 'locust',
    format: 'locust',
    from: points[0]?.at ?? null,
    to: points.at(-1)?.at ?? null,
    total: {
      requests,
      failures: 0,
      requestsPerSecond: 1,
      users: null,
      mean: null,
      p50: null,
      p95: null,
      p99: null,
      max: null,
      ...total,
    },
    points,
    endpoints: [],
    failures: [],
    exceptions: [],
    thresholds: [],
    notes: [],
  }
}

export const counter = (at: number, commits: number, startedAt = 1): CounterSample => ({
  type: 'counters',
  at,
  startedAt,
  usable: 97,
  maxConnections: 100,
  commits,
  rollbacks: 0,
  deadlocks: 0,
  tempBytes: 0,
  blocksRead: 0,
  blocksHit: 0,
  activeMs: null,
  idleInTransactionMs: null,
  sessions: null,
  statements: null,
})

export function watchedRun(parts: Partial<Run>): Run {
  return {
    start: {
      type: 'run',
      format: 'ahsp-db/run',
      version: 1,
      tool: '0',
      at: START,
      target: {host: 'localhost', port: 5432, database: 'shop', user: 'app'},
      clock: null,
      users: null,
      command: null,
      cpus: null,
    },
    snapshots: {start: null, end: null},
    activity: [],
    counters: [],
    pools: [],
    refusals: [],
    texts: new Map(),
    end: null,
    restarts: [],
    notes: [],
    ...parts,
  }
}
