import type {ClientRun, Failure} from '../../../src/loadtest/client.js'
import type {ActivitySample, CounterSample, PoolSample, Refusal, Run} from '../../../src/loadtest/record.js'
import {ladderOf} from '../../../src/loadtest/verdict/phases.js'
import {judgeRun, type VerdictInput} from '../../../src/loadtest/verdict/verdict.js'
import type {Finding, Report} from '../../../src/report.js'
import type {Snapshot} from '../../../src/snapshot.js'

/** The run begins at T and takes SECONDS. */
export const T = 1_800_000_000
export const SECONDS = 100

type Second = {at: number; second: number}
type Per<V> = Partial<V> | ((second: Second) => Partial<V>)
const of = <V>(per: Per<V> | undefined, second: Second): Partial<V> =>
  (typeof per === 'function' ? per(second) : per) ?? {}

export type RunParts = {
  activity?: Per<ActivitySample>
  /** per second of the run, added up in the counters */
  counters?: Per<CounterSample>
  pools?: Per<PoolSample['pools'][number]> | null
  poolSample?: (second: Second) => Partial<PoolSample>
  refusals?: Refusal[]
  run?: Partial<Run>
  start?: Partial<Run['start']>
}

const seconds = (count = SECONDS): Second[] =>
  Array.from({length: count + 1}, (_, second) => ({at: T + second, second}))

/** 100 s on a server of 97 usable connections; by default 20 connections, one of them active. */
export function runOf({activity, counters, pools, poolSample, refusals = [], run, start}: RunParts = {}): Run {
  return {
    start: {
      type: 'run',
      format: 'ahsp-db/run',
      version: 1,
      tool: '0.0.0',
      at: T,
      target: {host: 'db', port: 5432, database: 'ahsp', user: 'me'},
      clock: {offset: 0, uncertainty: 0.001},
      users: 50,
      command: ['locust'],
      cpus: 4,
      ...start,
    },
    snapshots: {start: null, end: EMPTY},
    activity: seconds().map(second => ({...quiet(second), ...of(activity, second)})),
    counters: seconds()
      .filter(({second}) => second % 2 === 0)
      .map(second => ({...counted(second), ...of(counters, second)})),
    pools:
      pools === undefined || pools === null
        ? []
        : seconds().map(second => pooled(second, of(pools, second), poolSample)),
    refusals,
    texts: new Map(),
    end: {type: 'end', at: T + SECONDS, reason: 'command', exitCode: 0, missed: 0, notes: []},
    restarts: [],
    notes: [],
    ...run,
  }
}

const missing = {ok: false, reason: 'error', message: 'not read'}
const EMPTY = {sections: {settings: missing, poolers: missing, activity: missing}} as unknown as Snapshot

const quiet = ({at}: Second): ActivitySample => ({
  type: 'activity',
  at,
  total: 20,
  active: 1,
  idle: 19,
  idleInTransaction: 0,
  running: 1,
  waits: [],
  blocked: [],
  statements: [],
  oldestTransaction: null,
  clients: [],
})

const counted = ({at, second}: Second): CounterSample => ({
  type: 'counters',
  at,
  startedAt: T - 1000,
  usable: 97,
  maxConnections: 100,
  commits: second * 50,
  rollbacks: 0,
  deadlocks: 0,
  tempBytes: 0,
  blocksRead: 0,
  blocksHit: 0,
  activeMs: second * 1000,
  idleInTransactionMs: 0,
  sessions: 20,
  statements: null,
})

const pooled = (
  second: Second,
  part: Partial<PoolSample['pools'][number]>,
  sample?: RunParts['poolSample'],
): PoolSample => ({
  type: 'pools',
  at: second.at,
  console: 'pooler:6432',
  pools: [
    {
      ...{database: 'ahsp', user: 'app', clientsActive: 10, clientsWaiting: 0, serversActive: 10, serversIdle: 0},
      ...{serversOther: 0, maxWait: 0, poolMode: 'transaction', ...part},
    },
  ],
  usedClients: 60,
  maxClientConn: 500,
  transactions: second.second * 50,
  waitMicros: 0,
  transactionMicros: second.second * 50 * 1000,
  ...sample?.(second),
})

export const refusal = (second: number, message: string, sqlstate: string | null = null): Refusal => ({
  ...{type: 'refused', at: T + second, end: 'server'},
  sqlstate,
  message,
})

export type Load = {
  users?: number
  /** per second */
  requests?: number
  /** failures in that second of the run */
  failing?: (second: number) => number
  mean?: number
  p95?: number
  failures?: Failure[]
  part?: Partial<ClientRun>
}

/** Locust at `users` users for the whole time: 20 requests per second of 100 ms. */
export function clientOf({
  users = 50,
  requests = 20,
  failing,
  mean = 100,
  p95 = 300,
  failures,
  part,
}: Load = {}): ClientRun {
  const points = seconds()
    .slice(1)
    .map(({at, second}) => ({
      ...{at, users, requests, failures: failing?.(second) ?? 0},
      ...{mean, p50: mean, p95, p99: p95 * 2},
    }))
  const failed = points.reduce((sum, point) => sum + point.failures, 0)
  const total = requests * SECONDS
  return {
    tool: 'locust',
    format: 'locust stats_history',
    from: T,
    to: T + SECONDS,
    total: {
      ...{requests: total, failures: failed, requestsPerSecond: requests, users, mean, p50: mean, p95, p99: p95 * 2},
      max: p95 * 3,
    },
    points,
    endpoints: [],
    failures: failures ?? (failed > 0 ? [failure('GET', '/', '500 Server Error', failed)] : []),
    exceptions: [],
    thresholds: [],
    notes: [],
    ...part,
  }
}

export const failure = (method: string, name: string, error: string, count: number): Failure => ({
  ...{method, name, error, count},
  first: null,
  last: null,
})

export const finding = (rule: string, part: Partial<Finding> = {}): Finding => ({
  rule,
  severity: 'high',
  subject: 'a subject',
  title: `${rule} found`,
  detail: '',
  evidence: [],
  confidence: 'measured',
  fixes: [],
  fingerprint: `${rule} a subject`,
  ...part,
})

/** What the rules say of the end; N+1 was looked for and not found, unless told. */
export function reportOf(findings: Finding[] = [], skipped: string[] = []): Report {
  const ids = [...new Set(['queries/n-plus-one', ...findings.map(({rule}) => rule)])]
  const results = ids.map(rule => {
    const own = findings.filter(each => each.rule === rule)
    const status = skipped.includes(rule) ? 'skipped' : own.length > 0 ? 'found' : 'ok'
    return {rule, title: rule, category: rule.split('/')[0]!, status, summary: `${rule}: ${status}`, findings: own}
  })
  return {results} as unknown as Report
}

/** The whole judgement, with 50 users on the built-in ladder. */
export const judge = (run: Run, client: ClientRun | null, part: Partial<VerdictInput> & {report?: Report} = {}) =>
  judgeRun({
    ...{run, client, earlier: [], ladder: ladderOf(), users: null, phase: null, nextUsers: null},
    ...{peaks: {cpu: null, memory: null}, cores: null, isTold: false},
    analyze: async () => part.report ?? reportOf(),
    ...part,
  })
