import type {Finding, Report} from '../report.js'
import {findingLines, shortFindingLines} from './finding.js'
import {type Grid, loadGrid} from './grid.js'
import type {RenderOptions} from './index.js'
import {prose, visible} from './sanitize.js'
import {bold, dim, green, severityColor, wrap} from './style.js'
import {findingsBySeverity, isCode, serverLine, statisticsLine} from './summary.js'

const MIN_WIDTH = 40
const MAX_WIDTH = 100
/** Findings of one rule beyond these are printed without detail and evidence: they would only repeat themselves. */
const FULL_PER_RULE = 3

/** The report for a terminal: the verdict, the findings with their fixes, then one line per other rule. */
export async function table(report: Report, options: RenderOptions): Promise<string> {
  const width = Math.max(MIN_WIDTH, Math.min(options.width, MAX_WIDTH))
  const page = {color: options.color, width, grid: await loadGrid()}
  const findings = findingsBySeverity(report)
  const sections = [
    headLines(report, page),
    overviewLines(findings, page),
    ...findings.map((finding, at) =>
      isRepeated(findings, at) ? shortFindingLines(finding, page) : findingLines(finding, page),
    ),
    otherLines(report, page),
    footLines(report, page),
  ]
  const lines = sections.filter(section => section.length > 0).flatMap(section => [...section, ''])
  return `${lines.slice(0, -1).join('\n')}\n`
}

export type Page = {color: boolean; width: number; grid: Grid}

function headLines(report: Report, {width, color}: Page): string[] {
  const {verdict, server, warnings, partial} = report
  const paint = verdict.ready === true ? green : verdict.ready === false ? highlight : bold
  const platform = server ? `${server.platform}: ${server.platformEvidence}` : ''
  const facts = [serverLine(report), platform, statisticsLine(report)].filter(Boolean)
  const notes = [...(partial ? ['the run was cut short: this report is incomplete'] : []), ...warnings]
  return [
    ...wrap(prose(verdict.headline), width).map(line => paint(line, color)),
    ...facts.flatMap(fact => wrap(prose(fact), width)).map(line => dim(line, color)),
    ...notes.flatMap(note => hanging('!!', prose(note), width)),
  ]
}

const highlight = (text: string, color: boolean) => severityColor('critical', text, color)

function overviewLines(findings: Finding[], {grid, width, color}: Page): string[] {
  if (findings.length < 2) return []
  return grid({
    head: ['severity', 'finding', 'rule'],
    rows: findings.map(({severity, title, rule}) => [severity, prose(title), rule]),
    width,
    ruled: true,
    paint: (line, row, column) => (column === 0 ? severityColor(findings[row]!.severity, line, color) : line),
  })
}

function isRepeated(findings: Finding[], at: number): boolean {
  return findings.slice(0, at).filter(({rule}) => rule === findings[at]!.rule).length >= FULL_PER_RULE
}

function otherLines({results, ignored}: Report, {width, color}: Page): string[] {
  const status = (wanted: string) => results.filter(result => result.status === wanted)
  return [
    ...status('error').flatMap(({rule, summary}) => hanging('!!', `${rule}: ${prose(summary)}`, width)),
    ...status('skipped').flatMap(({rule, summary, cure}) => [
      ...hanging('??', `${rule}: ${prose(summary)}${cure && isCode(cure) ? '; needs' : ''}`, width),
      ...(cure ? cureLines(cure, width) : []),
    ]),
    ...status('ok').flatMap(({rule, summary}) => hanging(green('ok', color), `${rule}: ${prose(summary)}`, width)),
    ...ignored.flatMap(({rule, subject, reason, until}) =>
      hanging('--', prose(`${rule}: ${subject} is ignored: ${reason}${until ? ` (until ${until})` : ''}`), width),
    ),
  ]
}

/** SQL that grants what is missing is to be copied: never wrapped. */
function cureLines(cure: string, width: number): string[] {
  const lines = isCode(cure) ? cure.split('\n').map(visible) : wrap(prose(cure), width - 6)
  return lines.map(line => `      ${line}`)
}

/** A two-letter mark, then text that keeps clear of it. */
function hanging(mark: string, text: string, width: number): string[] {
  return wrap(text, width - 4).map((line, at) => (at === 0 ? `${mark}  ${line}` : `    ${line}`))
}

function footLines(report: Report, {color}: Page): string[] {
  if (report.verdict.counts.ok === report.results.length) return []
  const help = ['All steps in order:   ahsp-db fix', 'Why a rule asks:      ahsp-db explain RULE']
  return help.map(line => dim(line, color))
}
