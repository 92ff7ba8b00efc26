import type {Finding, Report} from '../report.js'
import type {Machine} from './machine.js'
import {hasReport, type Outcome, outcomeName} from './outcome.js'
import {visible} from './sanitize.js'
import {findingsBySeverity, timestamp} from './summary.js'
import {shownValue} from './units.js'

export const CSV_COLUMNS = [
  'target',
  'time',
  'severity',
  'rule',
  'subject',
  'title',
  'detail',
  'confidence',
  'evidence',
  'fix',
  'fingerprint',
] as const

type Row = Record<(typeof CSV_COLUMNS)[number], string>

/** RFC 4180: a header, then one row for each finding. A server without a report has one row, with the error. */
export const csv: Machine<string[]> = {
  part: outcome => rowsOf(outcome).map(row => line(CSV_COLUMNS.map(column => row[column]))),
  whole: parts => [line(CSV_COLUMNS), ...parts.flat()].join(''),
}

function rowsOf(outcome: Outcome): Row[] {
  const target = outcomeName(outcome)
  if (hasReport(outcome))
    return findingsBySeverity(outcome.report).map(finding => rowOf(finding, outcome.report, target))
  const empty = Object.fromEntries(CSV_COLUMNS.map(column => [column, ''])) as Row
  const {code, message} = outcome.error ?? {code: 'UNKNOWN', message: 'no report'}
  return [{...empty, target, severity: 'unknown', title: message, fingerprint: `error ${code}`}]
}

const rowOf = (finding: Finding, report: Report, target: string): Row => ({
  target,
  time: timestamp(report.collectedAt),
  severity: finding.severity,
  rule: finding.rule,
  subject: finding.subject,
  title: finding.title,
  detail: finding.detail,
  confidence: finding.confidence,
  evidence: finding.evidence.map(({label, value, unit}) => `${label}: ${shownValue(value, unit)}`).join('; '),
  fix: finding.fixes.map(({title}) => title).join('; '),
  fingerprint: finding.fingerprint,
})

const line = (fields: readonly string[]): string => `${fields.map(field).join(',')}\r\n`

/** Every field is quoted, and of one line. */
const field = (text: string): string => `"${inert(visible(text.replace(/\s*[\r\n]\s*/g, ' '))).replaceAll('"', '""')}"`

/** A spreadsheet would calculate what begins like a formula; the apostrophe makes it text. */
const inert = (text: string): string => (/^\s*[=+\-@\uff1d\uff0b\uff0d\uff20]/.test(text) ? `'${text}` : text)
