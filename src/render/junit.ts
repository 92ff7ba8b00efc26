import type {Finding, Report, Result} from '../report.js'
import type {Severity} from '../rule.js'
import {blockHeading, shortBlockLines} from './blocks.js'
import type {Machine} from './machine.js'
import {hasReport, isAtLeast, type Outcome, outcomeName} from './outcome.js'
import {visible} from './sanitize.js'
import {shownValue} from './units.js'

/** A test case is no catalogue: of one rule so many findings are told whole, the rest counted. */
const TOLD = 20

type Suite = {/** of the element, without its number */ attributes: string; lines: string[]; tally: Tally}

/** One test suite for each server, one test case for each rule. */
export const junit: Machine<Suite> = {
  part: (outcome, {failOn = 'high'}) => suiteOf(outcome, failOn),
  whole(suites) {
    const sum = (key: keyof Tally) => suites.reduce((total, {tally}) => total + tally[key], 0)
    const counts = `tests="${sum('tests')}" failures="${sum('failures')}" errors="${sum('errors')}"`
    return [
      '<?xml version="1.0" encoding="UTF-8"?>',
      `<testsuites name="ahsp-db" ${counts}>`,
      ...suites.flatMap(({attributes, lines}, at) => [
        `  <testsuite id="${at}" ${attributes}>`,
        ...lines,
        '  </testsuite>',
      ]),
      '</testsuites>',
      '',
    ].join('\n')
  },
}

type Tally = {tests: number; failures: number; errors: number; skipped: number}

function suiteOf(outcome: Outcome, failOn: Severity): Suite {
  const name = outcomeName(outcome)
  const cases = hasReport(outcome) ? outcome.report.results.map(result => caseOf(result, failOn)) : [unreached(outcome)]
  const of = (kind: Case['kind']) => cases.filter(one => one.kind === kind).length
  const tally = {tests: cases.length, failures: of('failure'), errors: of('error'), skipped: of('skipped')}
  const attributes = [
    `name="${attribute(name)}"`,
    `tests="${tally.tests}" failures="${tally.failures}" errors="${tally.errors}" skipped="${tally.skipped}" time="0"`,
    ...(hasReport(outcome) ? [aboutRun(outcome.report)] : []),
  ]
  const output = hasReport(outcome) ? [`    <system-out>${element(suiteOutput(outcome.report))}</system-out>`] : []
  return {attributes: attributes.join(' '), lines: [...cases.map(({text}) => text), ...output], tally}
}

function aboutRun({collectedAt, target}: Report): string {
  const date = new Date(collectedAt * 1000)
  const at = Number.isNaN(date.getTime()) ? '1970-01-01T00:00:00' : date.toISOString().slice(0, 19)
  return `timestamp="${at}" hostname="${attribute(target.host)}"`
}

const suiteOutput = ({verdict, warnings, partial}: Report): string =>
  [verdict.headline, ...(partial ? ['the run was cut short'] : []), ...warnings].join('\n')

type Case = {kind: 'passed' | 'failure' | 'error' | 'skipped'; text: string}

function caseOf(result: Result, failOn: Severity): Case {
  const {status, summary, cure, findings} = result
  if (status === 'error') return testCase(result, 'error', `<error message="${attribute(summary)}"/>`)
  if (status === 'skipped') {
    const why = cure ? `${summary}; needs ${cure}` : summary
    return testCase(result, 'skipped', `<skipped message="${attribute(why)}"/>`)
  }
  const told = element(findingsText(findings))
  const [worst] = findings
  if (worst && isAtLeast(worst.severity, failOn)) {
    const message = findings.length > 1 ? `${findings.length} findings; ${worst.title}` : worst.title
    const body = `<failure type="${worst.severity}" message="${attribute(message)}">${told}</failure>`
    return testCase(result, 'failure', body)
  }
  return testCase(result, 'passed', `<system-out>${told || element(summary)}</system-out>`)
}

function testCase({rule, category}: Result, kind: Case['kind'], body: string): Case {
  const attributes = `classname="ahsp-db.${attribute(category)}" name="${attribute(rule)}" time="0"`
  return {kind, text: `    <testcase ${attributes}>\n      ${body}\n    </testcase>`}
}

function unreached(outcome: Outcome): Case {
  const {code, message} = outcome.error ?? {code: 'UNKNOWN', message: 'no report'}
  const about = {rule: 'connect', category: 'connect'} as Result
  return testCase(about, 'error', `<error type="${attribute(code)}" message="${attribute(message)}"/>`)
}

function findingsText(findings: readonly Finding[]): string {
  const more = findings.length - TOLD
  return [...findings.slice(0, TOLD).map(findingText), ...(more > 0 ? [`and ${more} more`] : [])].join('\n\n')
}

/** What a person reads in the build's log: the finding, its numbers, and the lines of the fixes. */
function findingText({severity, title, subject, detail, evidence, fixes}: Finding): string {
  const steps = fixes.flatMap(fix => [
    `Fix: ${fix.title}`,
    ...fix.steps.flatMap(step => [`  ${blockHeading(step)}`, ...shortBlockLines(step).map(line => `    ${line}`)]),
  ])
  return [
    `${severity}: ${title}`,
    subject,
    detail,
    ...evidence.map(({label, value, unit, source}) => `  ${label}: ${shownValue(value, unit)} (${source})`),
    ...steps,
  ]
    .filter(Boolean)
    .join('\n')
}

const ENTITIES: Record<string, string> = {'&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;'}

/** XML has no way to write most control characters, nor U+FFFE and U+FFFF: they are spelled out. */
const xmlText = (line: string): string =>
  visible(line)
    .replace(/\p{Noncharacter_Code_Point}/gu, char => `\\u${char.codePointAt(0)!.toString(16).toUpperCase()}`)
    .replace(/[&<>"']/g, char => ENTITIES[char]!)

const attribute = (text: string): string => xmlText(text.replace(/\s*[\r\n]\s*/g, ' '))
const element = (text: string): string => text.split('\n').map(xmlText).join('\n')
