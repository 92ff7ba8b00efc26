import type {Snapshot} from '../snapshot.js'

/**
 * The lines of a run file (`ahsp-db loadtest watch -o run.jsonl`), in the order in which they happened. `at` is seconds
 * since 1970 by the clock of the machine that watches; the first line says how far the server's clock is from it.
 */
export const RUN_VERSION = 1

export type RunStart = {
  type: 'run'
  format: 'ahsp-db/run'
  version: typeof RUN_VERSION
  tool: string
  at: number
  /** how the server was reached; never a password */
  target: {host: string; port: number; database: string; user: string}
  /** server's clock minus the watching machine's, in seconds, and how wrong that may be; null: not measured */
  clock: {offset: number; uncertainty: number} | null
  /** what was told with --users */
  users: number | null
  /** redacted words of the command that was started */
  command: string[] | null
  /** its cores, when told */
  cpus: number | null
}

/** A whole snapshot; the one at the end has the counters of the one at the start as its window. */
export type RunSnapshot = {type: 'snapshot'; at: number; when: 'start' | 'end'; snapshot: Snapshot}

/** Sessions in each second; numbers of client backends. */
export type ActivitySample = {
  type: 'activity'
  at: number
  /** all backends that take a connection slot, those of this tool left out */
  total: number
  active: number
  idle: number
  idleInTransaction: number
  /** active without a wait event: on a processor, or waiting for one */
  running: number
  /** active sessions by what they wait for; most first */
  waits: {type: string; event: string; count: number}[]
  /** those that wait for a lock, by the relation they wait at (null: a row's or no relation's); most first */
  blocked: {relation: string | null; count: number}[]
  /** what active sessions do, by statement; most first, the first few */
  statements: {queryid: string | null; text: string; count: number}[]
  /** seconds of the oldest open transaction of a client */
  oldestTransaction: number | null
  /**
   * by role and database (null: who is still signing in), application and address (empty: a local socket), most first,
   * the first few
   */
  clients: {user: string | null; database: string | null; application: string; address: string; count: number}[]
}

/**
 * Counters of the watched database since they were last reset: rates are differences of two samples with the same
 * `startedAt`. Those of statements are what was added already.
 */
export type CounterSample = {
  type: 'counters'
  at: number
  /** when the server was started; another value: it was restarted in between */
  startedAt: number
  usable: number
  maxConnections: number
  commits: number
  rollbacks: number
  deadlocks: number
  tempBytes: number
  blocksRead: number
  blocksHit: number
  /** milliseconds that sessions were in these states; null before PostgreSQL 14 */
  activeMs: number | null
  idleInTransactionMs: number | null
  sessions: number | null
  /**
   * What was added since the sample before that has any, of the statements called since then: most time first, the most
   * called among them too. null: not read this time, or not to be told (no extension, the first one, a reset)
   */
  statements: {queryid: string; calls: number; totalMs: number; rows: number}[] | null
}

/** Text of a statement (redacted), written once, when it is first met. */
export type StatementLine = {type: 'statement'; at: number; queryid: string; text: string}

export type PoolSample = {
  type: 'pools'
  at: number
  console: string
  pools: {
    database: string
    user: string
    clientsActive: number
    clientsWaiting: number
    serversActive: number
    serversIdle: number
    serversOther: number
    /** seconds that the first waiting client has waited */
    maxWait: number
    poolMode: string
  }[]
  /** of SHOW LISTS */
  usedClients: number | null
  maxClientConn: number | null
  /** of SHOW STATS, all databases: transactions since the start, microseconds waited and in transaction */
  transactions: number | null
  waitMicros: number | null
  transactionMicros: number | null
}

/**
 * The watching connection was lost, or a new one refused while sampling waits to resume: one line for each second.
 * `end` is `server`, or the name of a console as in `pools`. `sqlstate` null: nothing answered at all.
 */
export type Refusal = {type: 'refused'; at: number; end: string; sqlstate: string | null; message: string}

export type RunEnd = {
  type: 'end'
  at: number
  reason: 'duration' | 'interrupted' | 'command'
  /** of the command, 128 + n when signal n ended it; null: there was none, or it was still running */
  exitCode: number | null
  /** samples left out because the one before took longer than a period, or because the server refused the query */
  missed: number
  /** what else a reader must know */
  notes: string[]
}

export type RunRecord =
  | RunStart
  | RunSnapshot
  | ActivitySample
  | CounterSample
  | StatementLine
  | PoolSample
  | Refusal
  | RunEnd

/** A run file that was read: what was there, and what was wrong with it. */
export type Run = {
  start: RunStart
  snapshots: {start: Snapshot | null; end: Snapshot | null}
  activity: ActivitySample[]
  counters: CounterSample[]
  pools: PoolSample[]
  refusals: Refusal[]
  /** by queryid */
  texts: Map<string, string>
  /** null: the file breaks off */
  end: RunEnd | null
  /** seconds at which the server was restarted; the run is judged up to the first */
  restarts: number[]
  notes: string[]
}
