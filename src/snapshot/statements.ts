export type StatementsInfo = {
  extensionVersion: string
  schema: string
  /** entries now, and pg_stat_statements.max */
  entries: number
  maxEntries: number
  /** entries evicted since statsReset; null before 14 */
  evictions: number | null
  statsReset: number | null
  totalCalls: number
  totalMs: number
}

/** pg_stat_statements without texts; the top of several orders, not all. */
export type Statement = {
  dbid: number
  userid: number
  database: string | null
  user: string | null
  /** bigint as text; null when hidden */
  queryid: string | null
  toplevel: boolean
  calls: number
  totalMs: number
  minMs: number
  maxMs: number
  meanMs: number
  stddevMs: number
  plans: number | null
  planMs: number | null
  rows: number
  sharedHit: number
  sharedRead: number
  sharedDirtied: number
  sharedWritten: number
  tempRead: number
  tempWritten: number
  ioReadMs: number
  ioWriteMs: number
  walBytes: number | null
  statsSince: number | null
}

export type StatementText = {queryid: string /** redacted */; text: string; truncated: boolean}

/** Statement texts that differ only in generated names and lists, most entries first. */
export type StatementFamily = {
  /** the text that they have in common: names and lists are `?` */
  text: string
  entries: number
  /** no SELECT, INSERT, UPDATE, DELETE or MERGE: kept out by pg_stat_statements.track_utility = off */
  isUtility: boolean
  /** they differ in the length of a list */
  isList: boolean
}

/** Only looked for when pg_stat_statements is nearly full. */
export type StatementFamilies = {
  /** texts that were compared; 0: not nearly full */
  entries: number
  families: StatementFamily[]
}

/** What was counted in each interval of a window; only statements of the connected database, sent by clients. */
export type StatementSamples = {
  /** when the counters were read: one more than there are intervals */
  at: number[]
  /** counters were reset, or entries evicted, meanwhile: there are no increments then */
  wasReset: boolean
  statements: {queryid: string; calls: number[]; rows: number[]}[]
}
