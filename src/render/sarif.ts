import {createHash} from 'node:crypto'
import type {Finding, Report, Result} from '../report.js'
import {SEVERITIES, type Severity} from '../rule.js'
import {rules} from '../rules/index.js'
import {VERSION} from '../version.js'
import {blockHeading, shortBlockLines} from './blocks.js'
import {safeJson} from './json.js'
import type {Machine} from './machine.js'
import {hasReport, type Outcome, outcomeName} from './outcome.js'
import {prose} from './sanitize.js'

/** SARIF knows three levels; the severity itself stands in the properties. */
export const SARIF_LEVELS: Record<Severity, 'error' | 'warning' | 'note'> = {
  critical: 'error',
  high: 'error',
  medium: 'warning',
  low: 'note',
  info: 'note',
}

const SCHEMA = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json'

/** SARIF 2.1.0: one run for each server. */
export const sarif: Machine<object> = {
  part: runOf,
  whole: runs => safeJson({$schema: SCHEMA, version: '2.1.0', runs}, 2),
}

function runOf(outcome: Outcome): object {
  const name = prose(outcomeName(outcome))
  const base = {
    tool: {driver: {name: 'ahsp-db', semanticVersion: VERSION, rules: RULES}},
    automationDetails: {id: `ahsp-db/${name}`},
    columnKind: 'utf16CodeUnits',
  }
  if (!hasReport(outcome)) {
    const {code, message} = outcome.error ?? {code: 'UNKNOWN', message: 'no report'}
    const notification = {level: 'error', descriptor: {id: code}, message: {text: prose(message)}}
    return {
      ...base,
      invocations: [{executionSuccessful: false, toolExecutionNotifications: [notification]}],
      results: [],
    }
  }
  const {report} = outcome
  return {
    ...base,
    invocations: [invocationOf(report)],
    results: [
      ...report.results.flatMap(({findings}) => findings.map(finding => resultOf(finding, name))),
      ...report.ignored.map(ignored => ignoredOf(ignored, name)),
    ],
    properties: {headline: prose(report.verdict.headline), ready: report.verdict.ready},
  }
}

const RULES = rules.map(rule => {
  const worst = SEVERITIES.find(severity => rule.severity[severity]) ?? 'info'
  return {
    id: rule.id,
    shortDescription: {text: rule.title},
    fullDescription: {text: rule.why},
    help: {text: `${rule.why} More: ahsp-db explain ${rule.id}, and docs/rules/${rule.id}.md of the package.`},
    defaultConfiguration: {level: SARIF_LEVELS[worst]},
    properties: {tags: ['postgresql', rule.category], documentation: `docs/rules/${rule.id}.md`},
  }
})

/** Rules that could not judge or failed, and what the report says as a whole. */
function invocationOf(report: Report): object {
  const notOk = report.results.filter(({status}) => status === 'skipped' || status === 'error')
  return {
    executionSuccessful: !report.partial,
    ...timeOf(report),
    toolExecutionNotifications: [
      ...notOk.map(notification),
      ...report.warnings.map(text => ({level: 'warning', message: {text: prose(text)}})),
    ],
  }
}

function timeOf({collectedAt}: Report): object {
  const date = new Date(collectedAt * 1000)
  return Number.isNaN(date.getTime()) ? {} : {endTimeUtc: date.toISOString()}
}

const notification = ({rule, status, summary, cure}: Result): object => ({
  level: status === 'error' ? 'error' : 'note',
  associatedRule: {id: rule},
  message: {text: prose(cure ? `${summary}; needs ${cure}` : summary)},
})

function resultOf(finding: Finding, target: string): object {
  const {rule, severity, title, detail, confidence, evidence, subject} = finding
  return {
    ...identity(rule, subject, finding.fingerprint, target),
    level: SARIF_LEVELS[severity],
    message: {text: [`${prose(title)}.`, prose(detail), ...fixTexts(finding)].filter(Boolean).join('\n')},
    properties: {
      severity,
      confidence,
      evidence: evidence.map(({label, value, unit, source}) => {
        const shown = typeof value === 'string' ? prose(value) : value
        return {label: prose(label), value: shown, ...(unit && {unit}), source: prose(source)}
      }),
    },
  }
}

/** Ignored by the configuration: told as suppressed, so that a viewer does not take them for cured. */
function ignoredOf({rule, subject, reason}: Report['ignored'][number], target: string): object {
  return {
    ...identity(rule, subject, `${rule} ${subject}`, target),
    level: 'note',
    message: {text: `Ignored: ${prose(subject)}.`},
    suppressions: [{kind: 'external', justification: prose(reason)}],
  }
}

/** Which rule, what it is about, and by what the same finding is known again in the next run. */
function identity(rule: string, subject: string, fingerprint: string, target: string): object {
  const ruleIndex = RULES.findIndex(({id}) => id === rule)
  const name = prose(subject)
  const digest = createHash('sha256').update(`${target}\n${fingerprint}`).digest('hex').slice(0, 32)
  return {
    ruleId: rule,
    ...(ruleIndex === -1 ? {} : {ruleIndex}),
    locations: [{...placeOf(target), logicalLocations: [{name, fullyQualifiedName: `${target}/${name}`}]}],
    // The first name is ours; the second is the one by which code hosts know a result again.
    partialFingerprints: {'ahspDb/v1': digest, primaryLocationLineHash: `${digest}:1`},
  }
}

/** A database is no file. Viewers that know files only would refuse the result, so it has a name like one. */
const placeOf = (target: string): object => ({
  physicalLocation: {
    artifactLocation: {uri: `database/${target.split('/').map(encodePart).join('/')}`},
    region: {startLine: 1},
  },
})

const encodePart = (part: string) => (/^\.+$/.test(part) ? part.replaceAll('.', '%2E') : encodeURIComponent(part))

function fixTexts({fixes}: Finding): string[] {
  return fixes.flatMap(fix => [
    `Fix: ${prose(fix.title)}`,
    ...fix.steps.flatMap(step => [
      `  ${prose(blockHeading(step))}`,
      ...shortBlockLines(step).map(line => `    ${line}`),
    ]),
  ])
}
