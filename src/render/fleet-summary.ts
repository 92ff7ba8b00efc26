import type {FleetFinding, FleetReport, FleetRow, FleetVerdict} from '../fleet/types.js'
import {SEVERITIES, type Severity} from '../rule.js'

/** What all outputs of a fleet say alike. */

const ORDER: FleetVerdict[] = ['unreachable', 'failed', 'not ready', 'cannot judge', 'not read', 'ready']

/** `NOT HEALTHY: 2 unreachable, 3 not ready; 95 ready, of 100 targets`. */
export function fleetHeadline({rows}: FleetReport): string {
  const count = (verdict: FleetVerdict) => rows.filter(row => row.verdict === verdict).length
  const counts = ORDER.filter(verdict => count(verdict) > 0).map(verdict => `${count(verdict)} ${verdict}`)
  const word = count('ready') === rows.length ? 'HEALTHY' : 'NOT HEALTHY'
  return `${word}: ${counts.join(', ')} of ${rows.length} ${rows.length === 1 ? 'target' : 'targets'}`
}

/** One rule's finding wherever it was found, told as where it is worst. */
export type FleetGroup = {
  rule: string
  severity: Severity
  /** of the first target */
  title: string
  targets: string[]
}

/** The worst first, then what most targets have. */
export function groupsOf(rows: readonly FleetRow[]): FleetGroup[] {
  const groups = new Map<string, FleetGroup>()
  for (const {name, findings} of rows) {
    for (const finding of findings) {
      const key = `${finding.severity} ${finding.rule}`
      const group = groups.get(key)
      if (group) group.targets.push(name)
      else groups.set(key, {rule: finding.rule, severity: finding.severity, title: titleOf(finding), targets: [name]})
    }
  }
  return [...groups.values()].sort(
    (a, b) =>
      SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
      b.targets.length - a.targets.length ||
      (a.rule < b.rule ? -1 : 1),
  )
}

export const titleOf = ({title, count}: FleetFinding): string => (count > 1 ? `${title}, and ${count - 1} more` : title)

const NAMED = 3

/** `shop`, `shop, wiki and blog`, `shop, wiki, blog and 7 more`. */
export function namesOf(targets: readonly string[]): string {
  const named = targets.slice(0, NAMED)
  const left = targets.length - named.length
  if (left > 0) return `${named.join(', ')} and ${left} more`
  return named.length < 2 ? named.join('') : `${named.slice(0, -1).join(', ')} and ${named.at(-1)}`
}

const isUrgent = ({severity}: FleetFinding) => severity === 'critical' || severity === 'high'

/** The last column: why there is no report, or the worst that was found. */
export function worstOf({error, counts, findings, partial}: FleetRow): string {
  const cut = partial ? 'incomplete; ' : ''
  if (error && !counts) return wordOf(error.code)
  if (error) return `${cut}${wordOf(error.code)}`
  const [worst] = findings
  return `${cut}${worst && isUrgent(worst) ? worst.rule : '-'}`
}

/** UNKNOWN_HOST -> unknown host */
const wordOf = (code: string) => code.toLowerCase().replaceAll('_', ' ')

export const connectionsText = ({connections}: FleetRow): string =>
  connections ? `${connections.used}/${connections.usable}` : '-'

/** The server's clock, UTC: `03:35`. */
export function clock(at: number): string {
  const date = new Date(at * 1000)
  return Number.isNaN(date.getTime()) ? '-' : date.toISOString().slice(11, 16)
}

/** What went wrong, in the order of the rows. */
export function errorsOf(rows: readonly FleetRow[]): {name: string; text: string}[] {
  return rows.flatMap(({name, error}) => (error ? [{name, text: `${error.message} - ${error.hint}`}] : []))
}
