import type {Report} from '../report.js'
import {SEVERITIES, type Severity} from '../rule.js'
import type {Snapshot} from '../snapshot.js'

/** What became of one server: its report, or why there is none. The outputs for other programs take a list of them. */
export type Outcome = {
  /** its name in the configuration; without one it is called by its address */
  name?: string
  /** null: there is none, see `error` */
  report: Report | null
  /** what the report was made from; null: not known, or no session was had */
  snapshot: Snapshot | null
  /** one line, without secrets; `code` as in the message on the terminal */
  error?: {code: string; message: string}
}

type Place = {host: string; port: number; database: string}

/** How outputs call it: `production-1`, else `db.example.com:5432/app`, else `unknown`. */
export function outcomeName({name, report}: Outcome): string {
  return name ?? (report ? placeName(report.target) : 'unknown')
}

export const placeName = ({host, port, database}: Place): string =>
  `${host.includes(':') ? `[${host}]` : host}:${port}/${database}`

export const hasReport = (outcome: Outcome): outcome is Outcome & {report: Report} => outcome.report !== null

export const isAtLeast = (severity: Severity, limit: Severity): boolean =>
  SEVERITIES.indexOf(severity) <= SEVERITIES.indexOf(limit)
