/** What a load generator measured, whatever its tool and version. Times are seconds since 1970, latencies milliseconds. */
export type ClientRun = {
  tool: 'locust' | 'k6'
  /** what told the format, for people: `locust >= 1.2 stats_history`, `k6 summary-export` */
  format: string
  /** null: the format has no times, and none were told */
  from: number | null
  to: number | null
  /** of the whole run, or of what was written until it broke off */
  total: ClientTotals
  /** in the order of time; empty: the format has none */
  points: ClientPoint[]
  endpoints: Endpoint[]
  failures: Failure[]
  /** errors of the load script itself: no requests that failed */
  exceptions: {message: string; count: number}[]
  thresholds: {metric: string; expression: string; ok: boolean}[]
  /** what was missing, cut off or ambiguous */
  notes: string[]
}

export type ClientTotals = {
  requests: number
  /** null: the format does not tell */
  failures: number | null
  requestsPerSecond: number | null
  /** most users at once; null: unknown */
  users: number | null
  mean: number | null
  p50: number | null
  p95: number | null
  p99: number | null
  max: number | null
}

/** One interval that ends at `at`. */
export type ClientPoint = {
  at: number
  /** null: unknown */
  users: number | null
  /** of this interval alone */
  requests: number
  failures: number
  /** of this interval alone; null: no requests, or unknown */
  mean: number | null
  /** of about this interval; null where the tool gives only those since the beginning, or nothing */
  p50: number | null
  p95: number | null
  p99: number | null
}

export type Endpoint = {
  method: string | null
  name: string
  requests: number
  failures: number
  mean: number | null
  p50: number | null
  p95: number | null
  p99: number | null
  max: number | null
}

export type Failure = {
  method: string | null
  name: string
  error: string
  count: number
  /** null: the version does not tell */
  first: number | null
  last: number | null
}

/** Seconds since 1970 of a run whose format has no times; what was told. */
export type ClientOptions = {from?: number | null; to?: number | null}
