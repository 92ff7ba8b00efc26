import {shorten} from '../derive/statement-text.js'
import type {Gap, WorkloadReport, WorkloadRow} from '../workload/types.js'
import {columnsOf} from './queries-columns.js'
import {bySubject, labelText} from './queries-labels.js'
import {codeSpan, markdownText, prose} from './sanitize.js'
import {bold, columns, dim, hanging, severityColor, wrap} from './style.js'
import {isCode} from './summary.js'
import {number, seconds} from './units.js'

type Options = {color: boolean; width: number}

const MIN_WIDTH = 60
const MAX_WIDTH = 120
const INDENT = 4

export async function renderQueries(
  report: WorkloadReport,
  format: 'table' | 'markdown' | 'json',
  options: Options,
): Promise<string> {
  if (format === 'json') return (await import('./json.js')).safeJson(report, 2)
  return format === 'table' ? queriesTable(report, options) : queriesMarkdown(report)
}

/** Verdict, then for each statement its numbers, its text and what it is; for a terminal. */
export function queriesTable(report: WorkloadReport, {color, width: given}: Options): string {
  const width = Math.max(MIN_WIDTH, Math.min(given, MAX_WIDTH))
  const {target, rows, gaps, notes} = report
  const fixes = fixCommand(rows, width)
  const host = target.host.includes(':') ? `[${target.host}]` : target.host
  const sections = [
    [
      ...wrap(prose(report.headline), width).map(line => bold(line, color)),
      ...wrap(prose(`${host}:${target.port}/${target.database} as ${target.user}`), width).map(line =>
        dim(line, color),
      ),
      ...wrap(prose(windowText(report)), width).filter(Boolean),
    ],
    rowLines(report, width, color),
    fixes ? [FIXES, fixes] : [],
    [
      ...gaps.flatMap(gap => hanging(rows.length > 0 ? '-  ' : '!!  ', prose(gapText(gap)), width)),
      ...notes.flatMap(note => hanging('-  ', prose(note), width)),
    ],
  ]
  const lines = sections.filter(section => section.length > 0).flatMap(section => [...section, ''])
  return `${lines.slice(0, -1).join('\n')}\n`
}

function windowText({window, statistics, totals}: WorkloadReport): string {
  if (!window) return ''
  const average = statistics.seconds ? `; ${number(totals.calls / statistics.seconds)} on average` : ''
  return `Now ${number(window.callsPerSecond)} calls/s, watched for ${seconds(window.seconds)}${average}.`
}

function rowLines(report: WorkloadReport, width: number, color: boolean): string[] {
  const {rows, rest} = report
  if (rows.length === 0) return []
  const shown = columnsOf(report, width)
  const widths = shown.map(({head, cell}) => Math.max(head.length, ...rows.map(row => columns(cell(row)))))
  const line = (cells: string[]) =>
    cells
      .map((cell, at) => {
        const space = ' '.repeat(widths[at]! - columns(cell))
        return shown[at]!.isText ? cell + space : space + cell
      })
      .join('  ')
      .trimEnd()
  return [
    line(shown.map(({head}) => head)),
    '─'.repeat(width),
    ...rows.flatMap(row => [
      bold(line(shown.map(({cell}) => cell(row))), color),
      ...statementLines(row, width),
      ...labelLines(row, width, color),
    ]),
    '─'.repeat(width),
    ...(rest.statements > 0
      ? wrap(
          `and ${number(rest.statements)} more: ${number(rest.calls)} calls, ${seconds(rest.totalMs / 1000)} (--top)`,
          width,
        )
      : []),
  ]
}

function statementLines(row: WorkloadRow, width: number): string[] {
  const room = width - INDENT
  const [first = '', second, ...more] = wrap(prose(statementText(row)), room)
  const lines = second === undefined ? [first] : [first, more.length > 0 ? marked(second, room) : second]
  return lines.map(line => ' '.repeat(INDENT) + line)
}

const MARK = ' ...'

/** The line with the mark of what is left out behind it. */
function marked(line: string, room: number): string {
  if (columns(line) + MARK.length <= room) return line + MARK
  const [fits = ''] = wrap(line, room - MARK.length)
  return fits + MARK
}

function statementText({readable, queryids, members, kind}: WorkloadRow): string {
  const name = readable === '' ? `query ${queryids.join(', ') || 'unknown'} (no text)` : readable
  if (members === 1) return name
  return kind === 'catalog' ? `${members} reads of system catalogs, most time: ${name}` : `${members} alike: ${name}`
}

function labelLines({labels}: WorkloadRow, width: number, color: boolean): string[] {
  return bySubject(labels).flatMap(group => {
    const [first = '', ...rest] = hanging(ARROW, prose(labelText(group)), width)
    const {text, finding} = group.labels[0]!
    const isWhole = finding !== null && first.startsWith(ARROW + text)
    if (!isWhole) return [first, ...rest]
    return [ARROW + severityColor(finding.severity, text, color) + first.slice(ARROW.length + text.length), ...rest]
  })
}

const ARROW = `${' '.repeat(INDENT)}-> `

/** What prints the findings on these statements; by category where their names would make it too long. */
function fixCommand(rows: readonly WorkloadRow[], width: number): string {
  const rules = [...new Set(rows.flatMap(({labels}) => labels.flatMap(({finding}) => finding?.rule ?? [])))].sort()
  if (rules.length === 0) return ''
  const line = `ahsp-db check --only ${rules.join(',')}`
  const categories = [...new Set(rules.map(rule => rule.split('/')[0]))]
  return line.length <= width ? line : `ahsp-db check --only ${categories.join(',')}`
}

const FIXES = 'Evidence and fixes:'

const gapText = ({text, cure}: Gap) => (cure ? `${text} - needs ${cure}` : text)

/** Of one statement, for a ticket: longer texts are in the JSON report. */
const LONGEST = 300

/** The same for a ticket. */
export function queriesMarkdown(report: WorkloadReport): string {
  const {headline, rows, rest, gaps, notes, tool, target} = report
  const shown = columnsOf(report, Number.POSITIVE_INFINITY).filter(({head}) => head !== '#')
  const head = ['#', ...shown.map(({head}) => head), 'statement', 'what it is']
  const cells = (row: WorkloadRow) => [
    String(row.rank),
    ...shown.map(({cell}) => cell(row)),
    codeSpan(shorten(statementText(row), LONGEST), true),
    labelMarkdown(row),
  ]
  const table = [head, head.map(() => '---'), ...rows.map(cells)].map(each => `| ${each.join(' | ')} |`).join('\n')
  const fixes = fixCommand(rows, MAX_WIDTH)
  const parts = [
    `# ${markdownText(headline)}`,
    markdownText(windowText(report)),
    rows.length > 0 ? table : '',
    rest.statements > 0 && rows.length > 0
      ? `And ${number(rest.statements)} more: ${number(rest.calls)} calls, ${seconds(rest.totalMs / 1000)}.`
      : '',
    fixes && `${FIXES} ${codeSpan(fixes)}`,
    [...gaps.map(gapMarkdown), ...notes.map(markdownText)].map(text => `- ${text}`).join('\n'),
    `---\n\nahsp-db ${markdownText(tool)} · ${codeSpan(`${target.host}:${target.port}/${target.database}`)}`,
  ]
  return `${parts.filter(Boolean).join('\n\n')}\n`
}

const labelMarkdown = ({labels}: WorkloadRow) =>
  bySubject(labels)
    .map(({labels: same, subjects}) => {
      const texts = same.map(
        ({text, finding}) => markdownText(text) + (finding ? ` (${codeSpan(finding.rule, true)})` : ''),
      )
      const names = subjects.map(subject => codeSpan(subject, true)).join(', ')
      return texts.join(', ') + (names ? `: ${names}` : '')
    })
    .join('; ')

const gapMarkdown = ({text, cure}: Gap) =>
  cure ? `${markdownText(text)}; needs ${isCode(cure) ? codeSpan(cure) : markdownText(cure)}` : markdownText(text)
