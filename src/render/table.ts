import type {Finding, Report, Result} from '../report.js'
import {diffSections} from './diff-table.js'
import {findingLines, shortFindingLines} from './finding.js'
import {type Grid, loadGrid} from './grid.js'
import type {RenderOptions} from './index.js'
import {prose, visible} from './sanitize.js'
import {bold, dim, green, severityColor, wrap} from './style.js'
import {findingsBySeverity, isCode, serverLine, statisticsLine} from './summary.js'

const MIN_WIDTH = 40
const MAX_WIDTH = 100
/** Findings of one rule beyond these are counted: they would only repeat themselves. */
const SHOWN_PER_RULE = 3
/**
 * Overview and details end before this many lines, the details get at least half: a page is read, a scroll is not.
 * What is critical or high may take twice as many.
 */
const FINDING_LINES = 110
/** Of what changed since the baseline, of each kind; all of it is in ahsp-db diff. */
const DIFF_LINES = 10

/**
 * The report for a terminal: the verdict, the findings with their fixes, then one line per other rule. Without `full`
 * it stays a page or two: all findings are in the overview, the details of the least urgent are left to `--full`.
 */
export async function table(report: Report, options: RenderOptions): Promise<string> {
  const width = Math.max(MIN_WIDTH, Math.min(options.width, MAX_WIDTH))
  const page = {color: options.color, width, grid: await loadGrid()}
  const findings = findingsBySeverity(report)
  const overview = overviewLines(findings, page)
  const budget = options.full ? Infinity : Math.max(FINDING_LINES / 2, FINDING_LINES - overview.length)
  const {lines: details, hidden} = detailLines(findings, page, budget)
  const sections = [
    headLines(report, page),
    ...(options.page?.diff ? diffSections(options.page.diff, page, DIFF_LINES) : []),
    overview,
    ...details,
    hidden > 0 ? wrap(`${hidden} more findings in short above; with --full, --only RULE or in ahsp-db fix`, width) : [],
    otherLines(report, page, options.full ?? false),
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

/** One row per finding; the many of one rule in one row. */
function overviewLines(findings: Finding[], {grid, width, color}: Page): string[] {
  if (findings.length < 2) return []
  const groups = new Map<string, Finding[]>()
  for (const finding of findings) {
    const alike = findings.filter(({rule, severity}) => rule === finding.rule && severity === finding.severity)
    const key = alike.length > SHOWN_PER_RULE ? `${finding.severity} ${finding.rule}` : finding.fingerprint
    groups.set(key, [...(groups.get(key) ?? []), finding])
  }
  const rows = [...groups.values()].map(([first, ...rest]) => ({...first!, more: rest.length}))
  return grid({
    head: ['severity', 'finding', 'rule'],
    rows: rows.map(({severity, title, rule, more}) => [
      severity,
      `${prose(title)}${more > 0 ? `, and ${more} more` : ''}`,
      rule,
    ]),
    width,
    ruled: true,
    paint: (line, row, column) => (column === 0 ? severityColor(rows[row]!.severity, line, color) : line),
  })
}

function detailLines(findings: Finding[], page: Page, budget: number): {lines: string[][]; hidden: number} {
  if (budget === Infinity) return {lines: findings.map(finding => findingLines(finding, page)), hidden: 0}
  const lines: string[][] = []
  let printed = 0
  let hidden = 0
  let isLong = false
  findings.forEach((finding, at) => {
    const before = findings.slice(0, at).filter(({rule}) => rule === finding.rule).length
    const next = before === 0 ? findingLines(finding, page) : shortFindingLines(finding, page)
    const isUrgent = finding.severity === 'critical' || finding.severity === 'high'
    isLong ||= printed > 0 && printed + next.length > (isUrgent ? 2 * budget : budget)
    if (isLong || before >= SHOWN_PER_RULE) {
      hidden += 1
      return
    }
    lines.push(next)
    printed += next.length
  })
  return {lines, hidden}
}

/** With this many or more, those that are ok share a line per category, and those with the same cure a line. */
const MANY = 15

function otherLines({results, ignored}: Report, {width, color}: Page, full: boolean): string[] {
  const status = (wanted: string) => results.filter(result => result.status === wanted)
  const isLong = !full && results.length >= MANY
  return [
    ...status('error').flatMap(({rule, summary}) => hanging('!!', `${rule}: ${prose(summary)}`, width)),
    ...(isLong ? groupByCure(status('skipped')) : status('skipped')).flatMap(({rule, summary, cure}) => [
      ...hanging('??', `${rule}: ${prose(summary)}${cure && isCode(cure) ? '; needs' : ''}`, width),
      ...(cure ? cureLines(cure, width) : []),
    ]),
    ...(isLong
      ? groupByCategory(status('ok'))
      : status('ok').map(({rule, summary}) => `${rule}: ${prose(summary)}`)
    ).flatMap(text => hanging(green('ok', color), text, width)),
    ...ignored.flatMap(({rule, subject, reason, until}) =>
      hanging('--', prose(`${rule}: ${subject} is ignored: ${reason}${until ? ` (until ${until})` : ''}`), width),
    ),
  ]
}

type Skipped = Pick<Result, 'rule' | 'summary' | 'cure'>

/** The same grant or flag opens all of them: it is said once. */
function groupByCure(skipped: Result[]): Skipped[] {
  const cures = [...new Set(skipped.map(({cure}) => cure))]
  return cures.flatMap((cure): Skipped[] => {
    const alike = skipped.filter(result => result.cure === cure)
    if (cure === undefined || alike.length === 1) return alike
    return [{rule: alike.map(({rule}) => rule).join(', '), summary: `cannot judge`, cure}]
  })
}

function groupByCategory(ok: Result[]): string[] {
  const categories = [...new Set(ok.map(({category}) => category))]
  return categories.map(category => {
    const names = ok.filter(result => result.category === category).map(({rule}) => rule.split('/')[1])
    return `${category}: ${names.join(', ')}`
  })
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
