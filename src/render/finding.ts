import {isApplyStep} from '../fix/apply.js'
import type {Block, Finding, Fix} from '../report.js'
import {blockHeading, shortBlockLines} from './blocks.js'
import {prose} from './sanitize.js'
import {bold, dim, severityColor, wrap} from './style.js'
import {costOf} from './summary.js'
import type {Page} from './table.js'
import {formatValue} from './units.js'

/** One finding on a terminal. What is to be typed is never wrapped or cut, however narrow the terminal. */
export function findingLines(finding: Finding, page: Page): string[] {
  const {detail, evidence, fixes, severity} = finding
  const isMinor = severity === 'low' || severity === 'info'
  return [
    ...titleLines(finding, page),
    ...(detail ? ['', ...paragraph(detail, 2, page)] : []),
    ...(evidence.length ? ['', ...evidenceLines(finding, page)] : []),
    ...fixes.flatMap(fix => ['', ...fixLines(fix, page, isMinor)]),
  ]
}

/** Title and what to type; for the many findings of one rule that say the same. */
export function shortFindingLines(finding: Finding, page: Page): string[] {
  return [...titleLines(finding, page), ...finding.fixes.slice(0, 1).flatMap(fix => stepLines(fix.steps, 4, page))]
}

function titleLines({severity, title, rule, subject, confidence}: Finding, {width, color}: Page): string[] {
  const word = severityColor(severity, severity.toUpperCase(), color)
  const [first = '', ...rest] = wrap(prose(title), width - 10)
  const gap = ' '.repeat(10 - severity.length)
  const facts = wrap(`${rule} · ${prose(subject)} · ${confidence}`, width - 10)
  return [
    `${word}${gap}${bold(first, color)}`,
    ...rest.map(line => `${' '.repeat(10)}${bold(line, color)}`),
    ...facts.map(line => `${' '.repeat(10)}${dim(line, color)}`),
  ]
}

function evidenceLines({evidence}: Finding, {grid, width, color}: Page): string[] {
  const rows = evidence.map(({label, value, unit, source}) => [
    prose(label),
    prose(formatValue(value, unit)),
    prose(source),
  ])
  const paint = (line: string, _row: number, column: number) => (column === 2 ? dim(line, color) : line)
  return grid({rows, width: width - 2, paint}).map(line => `  ${line}`)
}

function fixLines(fix: Fix, page: Page, isMinor: boolean): string[] {
  const costs = [fix.risk === 'review' ? 'review first' : '', costOf(fix)].filter(Boolean).join('; ')
  const [first = '', ...rest] = wrap(prose(`Fix: ${fix.title}${costs ? ` (${costs})` : ''}`), page.width - 2)
  return [
    `  ${bold(first, page.color)}`,
    ...rest.map(line => `  ${bold(line, page.color)}`),
    ...(fix.note ? paragraph(fix.note, 4, page) : []),
    ...stepLines(fix.steps, 4, page),
    ...(isMinor ? [] : closingLines(fix, page)),
  ]
}

/** The other ways and the way back; what puts them into effect was said above. */
function closingLines(fix: Fix, page: Page): string[] {
  const then = fix.setting ? `, then ${fix.setting.apply} as above` : ''
  const changes = (blocks: Block[]) => blocks.filter(block => !isApplyStep(block))
  const group = (label: string, lines: string[]) => (lines.length ? [`    ${dim(label, page.color)}`, ...lines] : [])
  return [
    ...group(`or instead${then}`, stepLines(changes(fix.alternative), 6, page)),
    ...group(
      'verify',
      fix.verify.flatMap(block => bareLines(block, page)),
    ),
    ...group(`undo${then}`, stepLines(changes(fix.undo), 6, page)),
  ]
}

function stepLines(blocks: Block[], indent: number, page: Page): string[] {
  return blocks.flatMap(block => [
    ...paragraph(blockHeading(block), indent, page),
    ...shortBlockLines(block).map(line => `${' '.repeat(indent + 2)}${line}`),
  ])
}

/** Only the lines, or the words when there are none. */
function bareLines(block: Block, page: Page): string[] {
  const lines = shortBlockLines(block)
  return lines.length ? lines.map(line => `      ${line}`) : paragraph(block.text, 6, page)
}

function paragraph(text: string, indent: number, {width}: Page): string[] {
  return wrap(prose(text), width - indent).map(line => ' '.repeat(indent) + line)
}
