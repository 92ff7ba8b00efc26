import type {Diff, StatementsDiff} from '../diff/diff-types.js'
import {changeRows, findingRows, headline, statementNotes, statementRows} from './diff-rows.js'
import {prose} from './sanitize.js'
import {bold, dim, green, hanging, severityColor, wrap} from './style.js'
import type {Page} from './table.js'

/** What changed, in blocks; also the part of a check that was given a baseline, with at most so many lines of each kind. */
export function diffSections(diff: Diff, page: Page, most = Infinity): string[][] {
  const {width, color} = page
  return [
    wrap(headline(diff), width).map(line => bold(line, color)),
    findingLines(diff, page, most),
    changeLines(diff, page, most),
    statementLines(diff.statements, page, most),
    [...diff.notes, ...diff.incomparable.map(text => `not compared: ${text}`)].flatMap(note =>
      hanging('-  ', prose(note), width),
    ),
  ].filter(section => section.length > 0)
}

const BAD = ['new', 'worse', 'new?']
const GOOD = ['gone', 'better']

function findingLines(diff: Diff, {grid, width, color}: Page, most: number): string[] {
  const all = findingRows(diff)
  const rows = all.slice(0, most)
  if (rows.length === 0) return []
  const paint = (line: string, at: number, column: number) => {
    const {what, severity} = rows[at]!
    if (column === 0 && GOOD.includes(what)) return green(line, color)
    if (column <= 1 && BAD.includes(what)) return severityColor(severity as 'high', line, color)
    return column === 3 ? dim(line, color) : line
  }
  const lines = grid({
    head: ['', 'severity', 'finding', 'rule and object'],
    rows: rows.map(({what, severity, title, of}) => [what, severity, prose(title), prose(of)]),
    width,
    ruled: true,
    paint,
  })
  return [...lines, ...more(all.length - most)]
}

const more = (count: number) => (count > 0 ? [`and ${count} more: ahsp-db diff`] : [])

function changeLines(diff: Diff, {width}: Page, most: number): string[] {
  const rows = changeRows(diff)
  const lines = rows.slice(0, most).flatMap(({kind, text}) => hanging(kind.padEnd(11), prose(text), width))
  return [...lines, ...more(rows.length - most)]
}

function statementLines(statements: StatementsDiff, {width, color}: Page, most: number): string[] {
  const rows = statementRows(statements)
  const lines = rows
    .slice(0, most)
    .flatMap(({what, text, statement}) => [
      ...hanging(what.padEnd(11), text, width).map(line =>
        what === 'slower' ? severityColor('medium', line, color) : line,
      ),
      ...wrap(prose(statement), width - 11).map(line => `${' '.repeat(11)}${dim(line, color)}`),
    ])
  const notes = statementNotes(statements).flatMap(note => hanging('statements ', prose(note), width))
  return [...lines, ...more(rows.length - most), ...notes]
}
