import type {Report, Result} from './report.js'
import {SEVERITIES, type Severity} from './rule.js'

/** The rule that answers "enough connections for N users?": without its word nobody is called ready. */
const READINESS_RULE = 'connections/exhaustion'

/** The first line of every output. Not ready: something critical or high was found. */
export function verdictOf(
  results: readonly Result[],
  ignored: number,
  users: number | null,
  /** only a pooler's console was read */
  isPoolerAlone = false,
): Report['verdict'] {
  const findings = results.flatMap(result => result.findings)
  const bySeverity = Object.fromEntries(
    SEVERITIES.map(severity => [severity, findings.filter(finding => finding.severity === severity).length]),
  ) as Record<Severity, number>
  const status = (wanted: Result['status']) => results.filter(result => result.status === wanted).length
  const counts = {...bySeverity, ok: status('ok'), skipped: status('skipped'), error: status('error'), ignored}
  const ready = readiness(results, counts, users)
  return {
    ready,
    headline: `${isPoolerAlone && ready !== null ? 'POOLER ' : ''}${word(ready, users)}: ${countsLine(counts)}`,
    counts,
  }
}

function readiness(
  results: readonly Result[],
  counts: Report['verdict']['counts'],
  users: number | null,
): boolean | null {
  if (counts.critical + counts.high > 0) return false
  const judged = results.find(({rule}) => rule === READINESS_RULE)?.status
  if (users !== null && judged !== 'ok' && judged !== 'found') return null
  return results.some(({status}) => status === 'ok' || status === 'found') ? true : null
}

function word(ready: boolean | null, users: number | null): string {
  const forUsers = users === null ? '' : ` for ${users} users`
  if (ready === null) return users === null ? 'CANNOT JUDGE' : `CANNOT JUDGE whether it is ready${forUsers}`
  if (users === null) return ready ? 'HEALTHY' : 'NOT HEALTHY'
  return `${ready ? 'READY' : 'NOT READY'}${forUsers}`
}

function countsLine(counts: Report['verdict']['counts']): string {
  const found = SEVERITIES.filter(severity => counts[severity] > 0).map(severity => `${counts[severity]} ${severity}`)
  const rest = [
    `${counts.ok} ok`,
    counts.skipped > 0 ? `${counts.skipped} cannot judge` : '',
    counts.error > 0 ? `${counts.error} failed` : '',
    counts.ignored > 0 ? `${counts.ignored} ignored` : '',
  ].filter(Boolean)
  return [found.length > 0 ? found.join(', ') : 'nothing found', ...rest].join('; ')
}
