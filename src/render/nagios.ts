import {SEVERITIES, type Severity} from '../rule.js'
import type {Machine, MachineOptions} from './machine.js'
import {hasReport, isAtLeast, type Outcome, outcomeName} from './outcome.js'
import {prose} from './sanitize.js'
import {findingsBySeverity} from './summary.js'

export const NAGIOS_CODES = {OK: 0, WARNING: 1, CRITICAL: 2, UNKNOWN: 3} as const
export type NagiosState = keyof typeof NAGIOS_CODES

/** Without --fail-on: a service that is yellow for every remark gets switched off. */
export const NAGIOS_FAIL_ON: Severity = 'medium'

/** Lines below the status line; agents cut what is longer than a few kB. */
const LISTED = 20
const LONGEST_LINE = 200

const COUNTED = [...SEVERITIES, 'skipped'] as const

export type NagiosPart = {
  name: string
  headline: string
  /** null: no report */
  state: NagiosState | null
  isReady: boolean | null
  /** that count, worst first; the first few as text */
  findings: {severity: Severity; title: string; line: string}[]
  more: number
  counts: Record<(typeof COUNTED)[number], number> | null
}

/** The lines of a monitoring plugin: `AHSP-DB CRITICAL - what|performance data`, then the findings one by one. */
export const nagios: Machine<NagiosPart> = {
  part: partOf,
  whole(parts, options) {
    const several = parts.length > 1
    const found = worstFirst(parts)
    const failures = parts.filter(({counts}) => !counts).map(({name, headline}) => pluginText(`${name}: ${headline}`))
    const listed = found.map(({name, line}) => pluginText(`${several ? `${name} ` : ''}${line}`))
    const details = several ? [...failures, ...listed] : listed
    const left = Math.max(0, details.length - LISTED) + parts.reduce((sum, {more}) => sum + more, 0)
    const status = several ? fleetText(parts) : (parts[0]?.headline ?? 'nothing was checked')
    const worst = found[0] ? `; ${several ? `${found[0].name}: ` : ''}${found[0].title}` : ''
    const first = `AHSP-DB ${stateOf(parts, options)} - ${pluginText(`${status}${worst}`)}${performanceData(parts)}`
    return `${[first, ...details.slice(0, LISTED), ...(left > 0 ? [`and ${left} more`] : [])].join('\n')}\n`
  },
}

/**
 * CRITICAL: a critical or high finding that counts; WARNING: another one that counts; UNKNOWN: there is no report, or
 * it cannot judge, or is incomplete. What was found weighs more than what could not be read.
 */
export const nagiosState = (outcomes: readonly Outcome[], options: MachineOptions = {}): NagiosState =>
  stateOf(
    outcomes.map(outcome => partOf(outcome, options)),
    options,
  )

export function stateOf(parts: readonly NagiosPart[], {isIncomplete}: MachineOptions): NagiosState {
  const has = (wanted: NagiosState | null) => parts.some(({state}) => state === wanted)
  if (has('CRITICAL')) return 'CRITICAL'
  // A server that is down must not hide behind a remark about another one.
  if (has(null)) return 'UNKNOWN'
  if (has('WARNING')) return 'WARNING'
  return has('UNKNOWN') || isIncomplete || parts.length === 0 ? 'UNKNOWN' : 'OK'
}

function partOf(outcome: Outcome, {failOn = NAGIOS_FAIL_ON}: MachineOptions): NagiosPart {
  const name = outcomeName(outcome)
  const nothing = {isReady: null, findings: [], more: 0, counts: null}
  if (!hasReport(outcome)) return {...nothing, name, state: null, headline: outcome.error?.message ?? 'no report'}
  const {verdict, partial} = outcome.report
  const counting = findingsBySeverity(outcome.report).filter(({severity}) => isAtLeast(severity, failOn))
  const [worst] = counting
  const isJudged = verdict.ready !== null && !partial
  const state = worst ? (isAtLeast(worst.severity, 'high') ? 'CRITICAL' : 'WARNING') : isJudged ? 'OK' : 'UNKNOWN'
  const findings = counting.slice(0, LISTED).map(({severity, rule, subject, title}) => {
    return {severity, title, line: `${severity} ${rule} ${subject}: ${title}`}
  })
  const more = counting.length - findings.length
  return {name, headline: verdict.headline, state, isReady: verdict.ready, findings, more, counts: verdict.counts}
}

function worstFirst(parts: readonly NagiosPart[]) {
  const all = parts.flatMap(({name, findings}) => findings.map(finding => ({name, ...finding})))
  return SEVERITIES.flatMap(severity => all.filter(finding => finding.severity === severity))
}

function fleetText(parts: readonly NagiosPart[]): string {
  const down = parts.filter(({counts}) => !counts).length
  const notReady = parts.filter(({isReady}) => isReady === false).length
  return `${parts.length} databases: ${notReady} not ready, ${down} without a report`
}

/** Above which value the state changes, by default: `warn;crit`. */
const LIMITS: Partial<Record<(typeof COUNTED)[number], string>> = {critical: ';0', high: ';0', medium: '0;'}

/** `|label=value;warn;crit;min;max` */
function performanceData(parts: readonly NagiosPart[]): string {
  const counted = parts.flatMap(({counts}) => counts ?? [])
  // Zero findings is not what is known of a server that was not reached.
  if (counted.length === 0) return ''
  const values = COUNTED.map(what => {
    const sum = counted.reduce((total, counts) => total + counts[what], 0)
    return `${what}=${sum};${LIMITS[what] ?? ';'};0`
  })
  const down = parts.length > 1 ? [`down=${parts.length - counted.length};;;0;${parts.length}`] : []
  return `|${[...values, ...down].join(' ')}`
}

/** A bar would begin the performance data, a backslash an escape, and brackets a tag in the monitor's own pages. */
function pluginText(text: string): string {
  const swapped: Record<string, string> = {'|': '/', '\\': '/', '<': '(', '>': ')'}
  const line = [...prose(text).replace(/[|\\<>]/g, char => swapped[char]!)]
  return line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE).join('')}...` : line.join('')
}
