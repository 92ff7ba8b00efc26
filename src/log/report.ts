import type {LogFormat} from './reader.js'

/** What `ahsp-db nplusone` found out; plain JSON. Times in milliseconds, statements redacted. */
export type LogReport = {
  schemaVersion: 1
  verdict: {
    status: 'found' | 'clean' | 'cannot-judge'
    headline: string
  }
  log: {
    files: FileReport[]
    statements: number
    sessions: number
    /** of all statements; null: the log has no durations */
    ms: number | null
    /** `2027-03-14 10:11:12`, by the log's own clock */
    from: string | null
    to: string | null
  }
  /** N+1 first, then "cache it", then batch loops; the most frequent first */
  loops: LoopReport[]
  requests: RequestReport[]
  /** why there is no judgement, or a weaker one, and what to change */
  limits: string[]
}

export type FileReport = {
  name: string
  format: LogFormat | null
  /** log_line_prefix as given or recognised; null: the format has none, or none was recognised */
  prefix: string | null
  lines: number
  malformed: number
  firstMalformed?: {line: number; outline: string}
  /** the file ended early, or could not be read to its end */
  problem?: string
}

export type LoopKind = 'n-plus-one' | 'cache' | 'batch'

export type LoopReport = {
  kind: LoopKind
  title: string
  child: string
  parent: {
    text: string
    /** name: a column is named after the table; position: by what stands before it only */
    by: 'name' | 'position'
    /** its column that seems to hold the key of the child */
    column: string | null
    /** it is repeated itself: the chain has a longer way to go */
    inLoop: boolean
  } | null
  /** in how many requests it went round, how often in each */
  runs: number
  median: number
  most: number
  calls: number
  /** of all statements, of all logged time: 0 to 1; null: the log has no durations */
  shareOfCalls: number
  shareOfTime: number | null
  ms: number | null
  /** file:line of the first run */
  place: string
  fix: string
  /** the statement that replaces the loop */
  sql?: string
}

export type RequestReport = {
  count: number
  /** statements of all of them, and of the largest */
  queries: number
  mostQueries: number
  ms: number | null
  place: string
  /** its statements in order; `repeated`: alone or in turn with its neighbours */
  steps: {text: string; repeated: boolean}[]
}
