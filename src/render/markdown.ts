import type {Diff} from '../diff/diff-types.js'
import type {Block, Finding, Fix, Report, Result} from '../report.js'
import {markdownBlock} from './blocks.js'
import {diffMarkdownParts} from './diff-markdown.js'
import {headline} from './diff-rows.js'
import {codeSpan, html, markdownText} from './sanitize.js'
import {costOf, findingsBySeverity, isCode, serverLine, statisticsLine, timestamp} from './summary.js'
import {shownValue} from './units.js'

/** The report for a ticket: short when folded, complete when opened, the same text for the same report. */
export function markdown(report: Report, diff?: Diff | null): string {
  const findings = findingsBySeverity(report)
  const skipped = report.results.filter(({status}) => status === 'skipped')
  const failed = report.results.filter(({status}) => status === 'error')
  const ok = report.results.filter(({status}) => status === 'ok')
  const {shown, uncounted} = perRule(findings)
  const parts = [
    `# ${markdownText(report.verdict.headline)}`,
    warnings(report),
    ...(diff ? [`## ${markdownText(headline(diff))}`, ...diffMarkdownParts(diff, '###')] : []),
    overview(findings),
    ...shown.map(findingSection),
    ...uncounted,
    list('Cannot judge', skipped.map(skippedItem)),
    list('Rules that failed', failed.map(resultItem)),
    list('Ignored', report.ignored.map(ignoredItem)),
    folded(`${ok.length} ok`, ok.map(resultItem).join('\n')),
    footer(report),
  ]
  return `${parts.filter(Boolean).join('\n\n')}\n`
}

function warnings(report: Report): string {
  const all = [...(report.partial ? ['The run was cut short: this report is incomplete.'] : []), ...report.warnings]
  return all.map(text => `> ${markdownText(text)}`).join('\n>\n')
}

/** A ticket is no catalogue (and has a size limit): of one rule three findings are told, seven named, the rest counted. */
const SHOWN_PER_RULE = 3
const NAMED_PER_RULE = 7

function perRule(findings: Finding[]): {shown: Finding[]; uncounted: string[]} {
  const isShown = (finding: Finding, at: number) =>
    findings.slice(0, at).filter(({rule}) => rule === finding.rule).length < SHOWN_PER_RULE
  const shown = findings.filter(isShown)
  const rest = findings.filter(finding => !shown.includes(finding))
  const rules = [...new Set(rest.map(({rule}) => rule))]
  const uncounted = rules.map(rule => {
    const subjects = rest.filter(finding => finding.rule === rule).map(({subject}) => `- ${codeSpan(subject)}`)
    const left = subjects.length - NAMED_PER_RULE
    const end = left > 0 ? [`- and ${left} more: all are in the JSON report, and in \`ahsp-db fix ${rule}\``] : []
    return folded(`${rule}: and ${subjects.length} more`, [...subjects.slice(0, NAMED_PER_RULE), ...end].join('\n'))
  })
  return {shown, uncounted}
}

function overview(all: Finding[]): string {
  if (all.length === 0) return ''
  const findings = perRule(all).shown
  const rows = findings.map(({severity, title, subject, confidence}, at) =>
    row([String(at + 1), severity, markdownText(title), codeSpan(subject, true), confidence]),
  )
  return table(['#', 'severity', 'finding', 'object', 'confidence'], rows)
}

function findingSection(finding: Finding, at: number): string {
  const {severity, title, rule, subject, confidence, detail, evidence, fixes} = finding
  const rows = evidence.map(({label, value, unit, source}) =>
    row([markdownText(label), markdownText(shownValue(value, unit)), markdownText(source)]),
  )
  const inside = [
    evidence.length ? table(['evidence', 'value', 'source'], rows) : '',
    ...fixes.map((fix, index) => fixSection(fix, fixes.length > 1 ? ` ${index + 1}` : '')),
  ]
  return [
    `## ${at + 1}. ${severity}: ${markdownText(title)}`,
    `${codeSpan(rule)} · ${codeSpan(subject)} · ${confidence}`,
    markdownText(detail),
    folded(fixes.length ? 'Evidence and fix' : 'Evidence', inside.filter(Boolean).join('\n\n')),
  ]
    .filter(Boolean)
    .join('\n\n')
}

function fixSection(fix: Fix, number: string): string {
  const cost = costOf(fix)
  return [
    `### Fix${number}: ${markdownText(fix.title)}`,
    [fix.risk === 'safe' ? 'safe' : 'review before applying', cost && markdownText(cost)].filter(Boolean).join(' · '),
    fix.note ? markdownText(fix.note) : '',
    part('Do', fix.steps),
    part('Or instead', fix.alternative),
    part('Verify', fix.verify),
    part('Undo', fix.undo),
  ]
    .filter(Boolean)
    .join('\n\n')
}

function part(label: string, blocks: Block[]): string {
  return blocks.length ? [`**${label}**`, ...blocks.map(markdownBlock)].join('\n\n') : ''
}

const resultItem = ({rule, summary}: Result): string => `- ${codeSpan(rule)}: ${markdownText(summary)}`

function skippedItem(result: Result): string {
  const {cure} = result
  if (!cure) return resultItem(result)
  return `${resultItem(result)}; needs ${isCode(cure) ? codeSpan(cure) : markdownText(cure)}`
}

function ignoredItem({rule, subject, reason, until}: Report['ignored'][number]): string {
  return `- ${codeSpan(rule)} ${codeSpan(subject)}: ${markdownText(reason)}${until ? ` (until ${markdownText(until)})` : ''}`
}

function footer(report: Report): string {
  const {server} = report
  const facts = [
    `ahsp-db ${report.tool}`,
    timestamp(report.collectedAt),
    serverLine(report),
    server ? `${server.platform}: ${server.platformEvidence}` : '',
    `${statisticsLine(report)}${report.statistics.since === null ? '' : `, since ${timestamp(report.statistics.since)}`}`,
  ]
  return `---\n\n${facts.filter(Boolean).map(markdownText).join(' · ')}`
}

function list(title: string, items: string[]): string {
  return items.length ? `## ${title}\n\n${items.join('\n')}` : ''
}

function folded(summary: string, content: string): string {
  return content ? `<details>\n<summary>${html(summary)}</summary>\n\n${content}\n\n</details>` : ''
}

const row = (cells: string[]): string => `| ${cells.join(' | ')} |`
const table = (head: string[], rows: string[]): string => [row(head), row(head.map(() => '---')), ...rows].join('\n')
