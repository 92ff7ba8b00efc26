import type {Config} from './config.js'
import type {Report, Result} from './report.js'

/** Takes out what the configuration ignores, and adds it to `ignored`; an ignore that has ended is warned about. */
export function withoutIgnored(
  result: Result,
  config: Config,
  now: number,
  ignored: Report['ignored'],
  warnings: string[],
): Result {
  const today = new Date(now * 1000).toISOString().slice(0, 10)
  const findings = result.findings.filter(({rule, subject}) => {
    const entry = config.ignore.find(ignore => ignore.rule === rule && ignore.subject === subject)
    if (!entry) return true
    if (entry.until && entry.until < today) {
      warnings.push(`the ignore of ${rule} for ${subject} ended on ${entry.until} (${entry.reason})`)
      return true
    }
    ignored.push({rule, subject, reason: entry.reason, ...(entry.until ? {until: entry.until} : {})})
    return false
  })
  const status = result.status === 'found' && findings.length === 0 ? 'ok' : result.status
  return {...result, status, findings}
}
