import type {Severity} from '../rule.js'
import {allFindings, hasReport, isAtLeast, type Outcome, outcomeName} from './outcome.js'
import {prose} from './sanitize.js'

export const NAGIOS_CODES = {OK: 0, WARNING: 1, CRITICAL: 2, UNKNOWN: 3} as const
export type NagiosState = keyof typeof NAGIOS_CODES

export type NagiosOptions = {
  /** findings below it do not count */
  failOn?: Severity
  /** something that --strict asks for is missing */
  isIncomplete?: boolean
}

/** Without --fail-on: a service that is yellow for every remark gets switched off. */
export const NAGIOS_FAIL_ON: Severity = 'medium'

/** Lines below the status line; agents cut what is longer than a few kB. */
const LISTED = 20
const LONGEST_LINE = 200

/**
 * CRITICAL: a critical or high finding that counts; WARNING: another one that counts; UNKNOWN: there is no report, or
 * it cannot judge, or is incomplete. What was found weighs more than what could not be read.
 */
export function nagiosState(outcomes: readonly Outcome[], options: NagiosOptions = {}): NagiosState {
  const counting = countingFindings(outcomes, options)
  if (counting.some(({finding}) => isAtLeast(finding.severity, 'high'))) return 'CRITICAL'
  if (counting.length > 0) return 'WARNING'
  const isJudged = outcomes.filter(hasReport).every(({report}) => report.verdict.ready !== null && !report.partial)
  return isJudged && outcomes.every(hasReport) && !options.isIncomplete ? 'OK' : 'UNKNOWN'
}

/** The lines of a monitoring plugin: `AHSP-DB CRITICAL - what|performance data`, then the findings one by one. */
export function nagios(outcomes: readonly Outcome[], options: NagiosOptions = {}): string {
  const state = nagiosState(outcomes, options)
  const several = outcomes.length > 1
  const listed = countingFindings(outcomes, options).map(({target, finding: {severity, rule, subject, title}}) =>
    pluginText(`${several ? `${target} ` : ''}${severity} ${rule} ${subject}: ${title}`),
  )
  const failures = outcomes
    .filter(outcome => !hasReport(outcome))
    .map(outcome => pluginText(`${outcomeName(outcome)}: ${outcome.error?.message ?? 'no report'}`))
  const details = [...failures, ...listed]
  const more = details.length > LISTED ? [`and ${details.length - LISTED} more`] : []
  const lines = several || listed.length > 0 ? [...details.slice(0, LISTED), ...more] : []
  return `${[`AHSP-DB ${state} - ${statusText(outcomes, options)}${performanceData(outcomes)}`, ...lines].join('\n')}\n`
}

function countingFindings(outcomes: readonly Outcome[], {failOn = NAGIOS_FAIL_ON}: NagiosOptions) {
  return allFindings(outcomes).filter(({finding}) => isAtLeast(finding.severity, failOn))
}

function statusText(outcomes: readonly Outcome[], options: NagiosOptions): string {
  const [only] = outcomes
  const worst = countingFindings(outcomes, options)[0]
  if (outcomes.length === 1 && only) {
    if (!hasReport(only)) return pluginText(only.error?.message ?? 'no report')
    return pluginText(`${only.report.verdict.headline}${worst ? `; ${worst.finding.title}` : ''}`)
  }
  const down = outcomes.filter(outcome => !hasReport(outcome)).length
  const notReady = outcomes.filter(({report}) => report?.verdict.ready === false).length
  const counts = `${outcomes.length} databases: ${notReady} not ready, ${down} without a report`
  return pluginText(`${counts}${worst ? `; ${worst.target}: ${worst.finding.title}` : ''}`)
}

/** `|label=value;warn;crit;min;max`; the limits say above which value the state changes by default. */
function performanceData(outcomes: readonly Outcome[]): string {
  const reports = outcomes.filter(hasReport)
  // Zero findings is not what is known of a server that was not reached.
  if (reports.length === 0) return ''
  const count = (severity: Severity) => reports.reduce((sum, {report}) => sum + report.verdict.counts[severity], 0)
  const skipped = reports.reduce((sum, {report}) => sum + report.verdict.counts.skipped, 0)
  const values = [
    `critical=${count('critical')};;0;0`,
    `high=${count('high')};;0;0`,
    `medium=${count('medium')};0;;0`,
    `low=${count('low')};;;0`,
    `info=${count('info')};;;0`,
    `skipped=${skipped};;;0`,
    ...(outcomes.length > 1 ? [`down=${outcomes.length - reports.length};;;0;${outcomes.length}`] : []),
  ]
  return `|${values.join(' ')}`
}

/** A bar would begin the performance data, a backslash an escape, and brackets a tag in the monitor's own pages. */
function pluginText(text: string): string {
  const swapped: Record<string, string> = {'|': '/', '\\': '/', '<': '(', '>': ')'}
  const line = [...prose(text).replace(/[|\\<>]/g, char => swapped[char]!)]
  return line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE).join('')}...` : line.join('')
}
