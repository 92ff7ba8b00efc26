import {isApplyStep} from '../fix/apply.js'
import type {Block, Finding, Fix} from '../report.js'
import {blockHeading, shortBlockLines} from './blocks.js'
import {prose, visible} from './sanitize.js'
import {bold, dim, severityColor, wrap} from './style.js'
import {costOf} from './summary.js'
import type {Page} from './table.js'
import {shownValue} from './units.js'

/**
 * One finding on a terminal: all of it for what is urgent, evidence in a sentence for the rest. Alternatives and the
 * whole way back are in `ahsp-db fix`. What is to be typed is never wrapped or cut, however narrow the terminal.
 */
export function findingLines(finding: Finding, page: Page): string[] {
  const {detail, fixes, severity} = finding
  const isUrgent = severity === 'critical' || severity === 'high'
  return [
    ...titleLines(finding, page),
    ...(detail ? paragraph(detail, 2, page) : []),
    ...measuredLines(finding, isUrgent, page),
    ...(isUrgent && fixes.length ? [''] : []),
    ...fixes.flatMap((fix, at) => fixLines(fix, page, isUrgent && at === 0)),
  ]
}

/** Title and what to type; for the many findings of one rule that say the same. */
export function shortFindingLines(finding: Finding, page: Page): string[] {
  return [...titleLines(finding, page), ...finding.fixes.slice(0, 1).flatMap(fix => stepLines(fix.steps, 4, page))]
}

function measuredLines(finding: Finding, isUrgent: boolean, page: Page): string[] {
  if (finding.evidence.length === 0) return []
  return isUrgent ? ['', ...evidenceLines(finding, page)] : paragraph(evidenceSentence(finding), 2, page)
}

const evidenceSentence = ({evidence}: Finding): string =>
  evidence.map(({label, value, unit, source}) => `${label}: ${shownValue(value, unit)} (${source})`).join('; ')

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
    prose(shownValue(value, unit)),
    prose(source),
  ])
  const paint = (line: string, _row: number, column: number) => (column === 2 ? dim(line, color) : line)
  return grid({rows, width: width - 2, paint}).map(line => `  ${line}`)
}

function fixLines(fix: Fix, page: Page, isMain: boolean): string[] {
  const costs = [fix.risk === 'review' ? 'review first' : '', costOf(fix)].filter(Boolean).join('; ')
  const [first = '', ...rest] = wrap(prose(`Fix: ${fix.title}${costs ? ` (${costs})` : ''}`), page.width - 2)
  return [
    `  ${bold(first, page.color)}`,
    ...rest.map(line => `  ${bold(line, page.color)}`),
    ...(fix.note ? paragraph(fix.note, 4, page) : []),
    ...stepLines(fix.steps, 4, page),
    ...(isMain ? closingLines(fix, page) : []),
  ]
}

/** How to see that it helped, and the way back; what puts either into effect was said above. */
function closingLines(fix: Fix, page: Page): string[] {
  const undo = fix.undo.find(block => !isApplyStep(block))
  return [
    ...labelled('verify', fix.verify[0], '', page),
    ...labelled('undo', undo, fix.setting ? `   then ${fix.setting.apply}` : '', page),
  ]
}

/** On the label's line when it is one line, below it otherwise. */
function labelled(label: string, block: Block | undefined, then: string, page: Page): string[] {
  if (!block) return []
  const lines = block.lines.flatMap(line => line.split('\n')).map(visible)
  const head = `    ${dim(label, page.color)}`
  if (lines.length === 0) return paragraph(`${label}: ${block.text}`, 4, page)
  if (lines.length === 1) return [`${head}  ${lines[0]}${then && dim(then, page.color)}`]
  return [`${head}${then && dim(then, page.color)}`, ...lines.map(line => `      ${line}`)]
}

function stepLines(blocks: Block[], indent: number, page: Page): string[] {
  return blocks.flatMap(block => [
    ...paragraph(blockHeading(block), indent, page),
    ...shortBlockLines(block).map(line => `${' '.repeat(indent + 2)}${line}`),
  ])
}

function paragraph(text: string, indent: number, {width}: Page): string[] {
  return wrap(prose(text), width - indent).map(line => ' '.repeat(indent) + line)
}
