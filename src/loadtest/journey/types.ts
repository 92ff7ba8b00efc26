import type {Next} from './next.js'

/** A measured value and half the width of its 95 % interval. */
export type Metric = {
  value: number
  noise: number
  /** assumed: too few intervals to tell how much it varies */
  known: 'measured' | 'assumed'
}

/** One run of the journey, in the part with a constant number of users. Null: not measured. */
export type JourneyRow = {
  name: string
  /** seconds since 1970 by the watching machine's clock */
  from: number
  seconds: number
  users: number | null
  requests: number | null
  /** percent */
  success: Metric | null
  requestsPerSecond: Metric | null
  /** milliseconds */
  p50: number | null
  p95: Metric | null
  p99: number | null
  /** null: no client's file, or it does not tell */
  failures: {total: number; causes: {cause: string; count: number}[]} | null
  database: DatabaseRow
  warnings: string[]
}

/** What the database itself saw; present whether or not there is a client's file. */
export type DatabaseRow = {
  transactionsPerSecond: Metric | null
  /** connections refused to the watcher, at least one line a second while it lasts */
  refusals: number
  /** milliseconds that a transaction waited for a connection of a pool */
  poolWaitMs: number | null
  /** percent of the active sessions that waited for a lock */
  lockWaitPercent: number | null
  deadlocks: number | null
  connectionsPeak: number | null
  usable: number | null
}

export type ChangeKind = 'target' | 'version' | 'setting' | 'pooler' | 'extension' | 'index' | 'table' | 'rows'

export type Change = {
  kind: ChangeKind
  text: string
  /** what `text` is made of; null: it was not there, or is not there any more; from '': `to` says all of it */
  of?: {name: string; from: string | null; to: string | null}
}

export type Difference = {
  name: string
  unit: 'percent' | 'per second' | 'milliseconds'
  before: number | null
  after: number | null
  /** differences up to this are chance */
  noise: number | null
  noiseKnown: Metric['known'] | null
  result: 'better' | 'worse' | 'no difference' | 'not measured'
}

export type Outcome =
  | 'helped'
  | 'did not help'
  | 'made it worse'
  | 'mixed'
  /** nothing was changed that the database shows */
  | 'no change'
  /** another number of users, or nothing that both runs measured */
  | 'cannot be compared'

/** From one run to the next. */
export type JourneyStep = {
  from: string
  to: string
  outcome: Outcome
  headline: string
  changes: Change[]
  /** what could not be compared, and why */
  unknown: string[]
  differences: Difference[]
  notes: string[]
}

/** What `ahsp-db loadtest compare` prints; plain JSON. */
export type Journey = {
  format: 'ahsp-db/loadtest-journey'
  version: 1
  tool: string
  target: {host: string; port: number; database: string; user: string}
  rows: JourneyRow[]
  steps: JourneyStep[]
  /** null: not asked for */
  next: Next | null
  notes: string[]
}
