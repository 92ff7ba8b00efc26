import type {Finding} from '../report.js'

/** What became of a database between two runs. Pure data; times are seconds since 1970 by the server's clock. */
export type Diff = {
  before: {at: number; headline: string}
  after: {at: number; headline: string}
  findings: {
    new: Finding[]
    /** severity rose */
    worse: {before: Finding; after: Finding}[]
    /** severity fell */
    better: {before: Finding; after: Finding}[]
    /** the rule judged both times and says ok about it now */
    gone: Finding[]
    /** found before; now its rule could not judge: neither gone nor there */
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
}

/** Per-call times of the two intervals; `incomparable` names restart, reset, eviction or missing statistics. */
export type StatementsDiff =
  | {comparable: false; reason: string}
  | {
      comparable: true
      slower: StatementChange[]
      faster: StatementChange[]
      appeared: StatementChange[]
    }

export type StatementChange = {
  queryid: string
  text: string
  beforeMs: number | null
  afterMs: number
  calls: number
  totalMs: number
}
