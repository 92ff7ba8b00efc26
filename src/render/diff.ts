import type {Diff, StatementsDiff} from '../diff/diff-types.js'
import {diffMarkdown} from './diff-markdown.js'
import {changeRows, findingRows, headline, statementNotes, statementRows} from './diff-rows.js'
import {loadGrid} from './grid.js'
import {safeJson} from './json.js'
import {prose} from './sanitize.js'
import {bold, dim, green, hanging, severityColor, wrap} from './style.js'
import {timestamp} from './summary.js'
import type {Page} from './table.js'

const MIN_WIDTH = 40
const MAX_WIDTH = 100

/** The diff in one of its formats; the table is for a terminal of this width. */
export async function renderDiff(
  diff: Diff,
  format: 'table' | 'markdown' | 'json',
  options: {color: boolean; width: number},
): Promise<string> {
  if (format === 'json') return safeJson(diff, 2)
  if (format === 'markdown') return diffMarkdown(diff)
  const width = Math.max(MIN_WIDTH, Math.min(options.width, MAX_WIDTH))
  const page = {color: options.color, width, grid: await loadGrid()}
  const sections = [runLines(diff, page), ...diffSections(diff, page)].filter(section => section.length > 0)
  return `${sections.map(section => section.join('\n')).join('\n\n')}\n`
}

function runLines({before, after}: Diff, {width, color}: Page): string[] {
  const line = (mark: string, {at, headline}: Diff['before']) =>
    hanging(mark, `${timestamp(at)}: ${prose(headline)}`, width).map(text => dim(text, color))
  return [...line('before  ', before), ...line('after   ', after)]
}

/** What changed, in blocks; also the part of a check that was given a baseline. */
export function diffSections(diff: Diff, page: Page): string[][] {
  const {width, color} = page
  return [
    wrap(headline(diff), width).map(line => bold(line, color)),
    findingLines(diff, page),
    changeLines(diff, page),
    statementLines(diff.statements, page),
    [...diff.notes, ...diff.incomparable.map(text => `not compared: ${text}`)].flatMap(note =>
      hanging('-  ', prose(note), width),
    ),
  ].filter(section => section.length > 0)
}

const BAD = ['new', 'worse', 'new?']
const GOOD = ['gone', 'better']

function findingLines(diff: Diff, {grid, width, color}: Page): string[] {
  const rows = findingRows(diff)
  if (rows.length === 0) return []
  const paint = (line: string, at: number, column: number) => {
    const {what, severity} = rows[at]!
    if (column === 0 && GOOD.includes(what)) return green(line, color)
    if (column <= 1 && BAD.includes(what)) return severityColor(severity as 'high', line, color)
    return column === 3 ? dim(line, color) : line
  }
  return grid({
    head: ['', 'severity', 'finding', 'rule and object'],
    rows: rows.map(({what, severity, title, of}) => [what, severity, prose(title), prose(of)]),
    width,
    ruled: true,
    paint,
  })
}

function changeLines(diff: Diff, {width}: Page): string[] {
  return changeRows(diff).flatMap(({kind, text}) => hanging(kind.padEnd(11), prose(text), width))
}

function statementLines(statements: StatementsDiff, {width, color}: Page): string[] {
  const lines = statementRows(statements).flatMap(({what, text, statement}) => [
    ...hanging(what.padEnd(11), text, width).map(line =>
      what === 'slower' ? severityColor('medium', line, color) : line,
    ),
    ...wrap(prose(statement), width - 11).map(line => `${' '.repeat(11)}${dim(line, color)}`),
  ])
  return [...lines, ...statementNotes(statements).flatMap(note => hanging('statements ', prose(note), width))]
}
