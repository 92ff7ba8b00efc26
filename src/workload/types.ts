import type {Severity} from '../rule.js'
import type {Snapshot} from '../snapshot.js'

export const SORTS = ['time', 'calls', 'mean', 'temp', 'wal', 'rows'] as const
export type Sort = (typeof SORTS)[number]

/** A plain fact about a statement. `catalog`: it reads nothing but system catalogs, as monitoring and drivers do. */
export type Kind = 'read' | 'aggregate' | 'write' | 'utility' | 'catalog' | 'unknown'

export type LabelKind =
  | 'n-plus-one child'
  | 'n-plus-one parent'
  | 'cacheable'
  | 'session'
  | 'missing index'
  | 'whole table'
  | 'waits'
  | 'other'

/** What a statement is, beyond its kind: by a finding of the report, or (`finding` null) by a fact. */
export type Label = {
  kind: LabelKind
  text: string
  finding: {rule: string; subject: string; severity: Severity} | null
}

export type Sums = {
  calls: number
  totalMs: number
  rows: number
  /** blocks, of the size that the server has */
  blocks: number
  tempBlocks: number
  /** null: this version does not count it */
  walBytes: number | null
}

/** One statement, or the family of those that differ in the length of a list or in generated names. */
export type WorkloadRow = {
  rank: number
  queryids: string[]
  members: number
  users: string[]
  /** redacted, of the member with the most time; null: the server did not give it */
  text: string | null
  /** for people: models or tables by name, long lists as their number */
  readable: string
  /** the framework's models, or the tables' own names */
  tables: string[]
  kind: Kind
  labels: Label[]
  calls: number
  totalMs: number
  meanMs: number
  rows: number
  rowsPerCall: number
  tempBytes: number
  walBytes: number | null
  /** percent of what the rows are sorted by; for `mean` of the largest */
  share: number
  timeShare: number
  callShare: number
  /** per second, while the server was watched; null: it was not */
  now: {calls: number; rows: number} | null
}

export type Totals = {statements: number; calls: number; totalMs: number}

/** What the report does not show, and what would cure it. */
export type Gap = {text: string; cure?: string}

export type WorkloadReport = {
  format: 'ahsp-db/queries'
  version: 1
  tool: string
  target: Snapshot['target']
  /** seconds since 1970, by the server */
  collectedAt: number
  /** what the counters cover; null: not known */
  statistics: {since: number | null; seconds: number | null}
  /** seconds that the server was watched, and what it did in them; null: it was not watched */
  window: {seconds: number; callsPerSecond: number} | null
  sort: Sort
  headline: string
  /** of this database's clients */
  totals: Totals
  rows: WorkloadRow[]
  /** what is not among the rows */
  rest: Totals
  gaps: Gap[]
  notes: string[]
}
