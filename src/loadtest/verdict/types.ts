import type {Finding} from '../../report.js'
import type {Confidence, Evidence, Unit} from '../../rule.js'
import type {Zone} from './phases.js'

export type CauseId =
  | 'CONNECTIONS_EXHAUSTED'
  | 'CLIENT_LIMIT'
  | 'POOL_STARVED'
  | 'LONG_TRANSACTIONS'
  | 'LOCKS'
  | 'N_PLUS_ONE'
  | 'IO_OR_INDEX'
  | 'CPU'
  | 'NOT_THE_DATABASE'

export type Go = 'GO' | 'CONDITIONAL' | 'NO-GO' | 'CANNOT JUDGE'

/** One row of the phase's table. */
export type Criterion = {
  name: string
  /** as people write it: `< 750 ms` */
  target: string
  measured: number | null
  unit: Unit
  result: 'pass' | 'fail' | 'cannot judge'
  /** where it was measured, or why it was not */
  source: string
}

/** What a cause says when it fires; `reached` is its share of the limit, 1: just reached. */
export type CauseReport = {
  id: CauseId
  title: string
  rank: 'primary' | 'secondary' | 'tertiary' | 'further'
  summary: string
  /** false: the limit was reached, but no request is seen to have suffered from it */
  isMaterial: boolean
  confidence: Confidence
  evidence: Evidence[]
  /** where to look, in words */
  look: string[]
  /** what the rules that belong to it found on the snapshot at the end of the run */
  findings: Finding[]
}

export type FailureVerdict = 'explained' | 'not the database' | 'cannot tell'

/** Failures of one request and error, and whether the database explains them. */
export type FailureGroup = {
  request: string
  error: string
  count: number
  /** of all requests of that name; null: unknown */
  requests: number | null
  verdict: FailureVerdict
  cause: CauseId | null
  reason: string
  confidence: Confidence
}

export type Failures = {
  /** null: the format does not tell, or no file of a load generator was given */
  total: number | null
  explained: number
  notTheDatabase: number
  cannotTell: number
  groups: FailureGroup[]
}

export type Peak = {
  name: string
  /** percent; null: not measured */
  percent: number | null
  zone: Zone | null
  detail: string
}

/** A condition of the next step. `margin`: how far from its limit, in percent of it; negative: beyond. */
export type Condition = {
  name: string
  measured: string
  limit: string
  margin: number | null
  result: 'met' | 'tight' | 'failed' | 'unknown'
  note: string
  /** without it nothing can be said at all */
  isEssential: boolean
}

export type Next = {
  verdict: Go
  users: number | null
  phase: string | null
  /** users of the steps that the predicted conditions are made from */
  basedOn: number[]
  conditions: Condition[]
}

/** What `ahsp-db loadtest verdict` prints; plain JSON. Times are seconds since 1970 by the watching machine's clock. */
export type LoadVerdict = {
  format: 'ahsp-db/loadtest-verdict'
  version: 1
  tool: string
  headline: string
  target: {host: string; port: number; database: string; user: string}
  run: {
    from: number
    to: number
    users: number | null
    phase: string | null
    /** how the phase was chosen */
    phaseSource: string
    /** the part with a constant number of users, its first 20 % left out; null: it was not told */
    steady: {from: number; to: number} | null
    client: string | null
    requests: number | null
    requestsPerSecond: number | null
  }
  /** null: the number of users is not known, so no phase is */
  passed: boolean | null
  criteria: Criterion[]
  bottleneck: {
    /** `none was reached ...`, or the primary cause in a sentence */
    summary: string
    causes: CauseReport[]
    unjudged: {id: CauseId; why: string}[]
  }
  failures: Failures
  peaks: Peak[]
  actions: string[]
  next: Next
  warnings: string[]
}
