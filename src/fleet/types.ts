import type {Severity} from '../rule.js'

/** What is kept of one target: small, however large its report is. */
export type FleetRow = {
  name: string
  tags: string[]
  verdict: FleetVerdict
  /** the first line of its report; null: there is no report */
  headline: string | null
  /** findings; null: there is no report */
  counts: Record<Severity, number> | null
  /** client connections at the peak of this run, of those that may be used; null: not known */
  connections: {used: number; usable: number} | null
  /** seconds since 1970: the server's clock, or ours when it was not reached */
  at: number
  /** that it took */
  seconds: number
  /** how the server is reached; null: not known */
  target: {host: string; port: number; database: string; user: string} | null
  /** PostgreSQL's; null: not known */
  version: string | null
  /** why there is no report, or what failed after it */
  error: {code: string; message: string; hint: string} | null
  /** was cut short: the findings are not all */
  partial: boolean
  /** worst first, one for each rule, without those that are low or info */
  findings: FleetFinding[]
  /** exit code of this target alone */
  exit: number
}

/** 'unreachable': no session; 'failed': no report for another reason; 'not read': interrupted before its turn. */
export type FleetVerdict = 'ready' | 'not ready' | 'cannot judge' | 'unreachable' | 'failed' | 'not read'

/** The worst finding of one rule. */
export type FleetFinding = {
  rule: string
  severity: Severity
  subject: string
  title: string
  /** findings of this rule */
  count: number
}

/** Pure data, worst target first. */
export type FleetReport = {
  format: 'ahsp-db/fleet'
  version: 1
  tool: string
  /** seconds since 1970, our clock, when the run began */
  at: number
  /** that it took */
  seconds: number
  tags: string[]
  rows: FleetRow[]
}
