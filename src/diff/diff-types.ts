import type {Finding, Report} from '../report.js'
import type {Snapshot} from '../snapshot.js'

/** One of the two runs that are compared. Only a report: settings, schema and statements cannot be. */
export type DiffSide = {report: Report; snapshot: Snapshot | null}

/** What became of a database between two runs. Pure data; times are seconds since 1970 by the server's clock. */
export type Diff = {
  format: 'ahsp-db/diff'
  version: 1
  before: DiffRun
  after: DiffRun
  findings: {
    new: Finding[]
    /** found now; before, its rule could not judge: new, or there all the time */
    unsure: {finding: Finding; why: string}[]
    /** severity rose */
    worse: {before: Finding; after: Finding}[]
    /** severity fell */
    better: {before: Finding; after: Finding}[]
    /** the rule judged both times and does not find it any more */
    gone: Finding[]
    /** found before; now its rule could not judge, or it is ignored: neither gone nor there */
    unknown: {finding: Finding; why: string}[]
    /** number that are there as before */
    same: number
  }
  settings: {name: string; from: string | null; to: string | null}[]
  schema: {
    kind: 'table' | 'index' | 'extension' | 'server'
    name: string
    change: 'added' | 'removed' | 'changed'
    detail: string
  }[]
  statements: StatementsDiff
  /** what was left out of the comparison of settings and schema, and why */
  incomparable: string[]
  /** what a reader must know: another server, other questions, runs in the wrong order */
  notes: string[]
}

export type DiffRun = {
  at: number
  headline: string
  tool: string
  target: {host: string; port: number; database: string}
}

/** Per-call times of the two intervals, those that weigh most; the reason names restart, reset, eviction... */
export type StatementsDiff =
  | {comparable: false; reason: string}
  | {
      comparable: true
      /** between the two runs */
      seconds: number
      slower: StatementChange[]
      faster: StatementChange[]
      appeared: StatementChange[]
      /** what is not listed, and why; e.g. how many may have been counted anew */
      notes: string[]
    }

export type StatementChange = {
  queryid: string
  /** redacted; null: not known */
  text: string | null
  /** per call up to the earlier run; null: it appeared */
  beforeMs: number | null
  /** per call since then */
  afterMs: number
  /** since then */
  calls: number
  totalMs: number
}
