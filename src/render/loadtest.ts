import type {CauseReport, LoadVerdict} from '../loadtest/verdict/types.js'
import {shortFindingLines} from './finding.js'
import {type Grid, loadGrid} from './grid.js'
import type {FORMATS} from './index.js'
import {
  CONDITIONS_HEAD,
  CRITERIA_HEAD,
  conditionRow,
  criterionRow,
  explainedText,
  failureCount,
  failuresSentence,
  nextTitle,
  PEAKS_HEAD,
  peakRow,
  resultWord,
  runFacts,
} from './loadtest-rows.js'
import {prose} from './sanitize.js'
import {bold, dim, green, hanging, severityColor, wrap} from './style.js'
import {number, shownValue} from './units.js'

type Options = {color: boolean; width: number}
type Page = Options & {grid: Grid}

const MIN_WIDTH = 60
const MAX_WIDTH = 100
/** More groups of failures than these are counted: the JSON has all. */
const MOST_GROUPS = 12

export async function renderVerdict(
  verdict: LoadVerdict,
  format: (typeof FORMATS)[number],
  options: Options,
): Promise<string> {
  if (format === 'table') return verdictTable(verdict, options)
  if (format === 'markdown') return (await import('./loadtest-markdown.js')).verdictMarkdown(verdict)
  return (await import('./json.js')).safeJson(verdict, 2)
}

/** The verdict first, then what it rests on; for a terminal. */
async function verdictTable(verdict: LoadVerdict, options: Options): Promise<string> {
  const width = Math.max(MIN_WIDTH, Math.min(options.width, MAX_WIDTH))
  const page = {color: options.color, width, grid: await loadGrid()}
  const sections = [
    headLines(verdict, page),
    criteriaLines(verdict, page),
    ...bottleneckSections(verdict, page),
    unjudgedLines(verdict, page),
    failureLines(verdict, page),
    titled('Peaks', gridLines(PEAKS_HEAD, verdict.peaks.map(peakRow), page), page),
    titled(nextTitle(verdict), gridLines(CONDITIONS_HEAD, verdict.next.conditions.map(conditionRow), page), page),
    verdict.actions.length > 0
      ? titled(
          'Action items',
          verdict.actions.flatMap(text => hanging('-  ', prose(text), width)),
          page,
        )
      : [],
  ]
  const lines = sections.filter(section => section.length > 0).flatMap(section => [...section, ''])
  return `${lines.slice(0, -1).join('\n')}\n`
}

function headLines(verdict: LoadVerdict, {width, color}: Page): string[] {
  const paint = verdict.next.verdict === 'GO' ? green : verdict.next.verdict === 'NO-GO' ? alarm : bold
  return [
    ...wrap(prose(verdict.headline), width).map(line => paint(line, color)),
    ...runFacts(verdict).flatMap(fact => wrap(prose(fact), width).map(line => dim(line, color))),
    ...verdict.warnings.flatMap(text => hanging('!!  ', prose(text), width)),
  ]
}

const alarm = (text: string, color: boolean) => severityColor('critical', text, color)

const titled = (title: string, lines: string[], {color, width}: Page): string[] => [
  ...wrap(prose(title), width).map(line => bold(line, color)),
  ...lines,
]

function gridLines(head: string[], rows: string[][], {grid, width, color}: Page): string[] {
  if (rows.length === 0) return []
  const bad = ['fail', 'failed', 'critical', 'no']
  const cells = rows.map(row => row.map(cell => prose(cell)))
  const paint = (line: string, row: number, column: number) =>
    bad.includes(cells[row]![column]!) ? severityColor('high', line, color) : line
  return grid({head, rows: cells, width, ruled: true, paint})
}

function criteriaLines(verdict: LoadVerdict, page: Page): string[] {
  const {phase, phaseSource} = verdict.run
  if (phase === null) return wrap(prose(`Phase: ${phaseSource}`), page.width)
  const title = `Phase ${phase} (${phaseSource}): ${resultWord(verdict)}`
  return titled(title, gridLines(CRITERIA_HEAD, verdict.criteria.map(criterionRow), page), page)
}

function bottleneckSections({bottleneck: {causes, summary}}: LoadVerdict, page: Page): string[][] {
  const [first, ...others] = causes.map(cause => causeLines(cause, page))
  return [titled('Bottleneck', first ?? wrap(prose(summary), page.width), page), ...others]
}

const unjudgedLines = ({bottleneck}: LoadVerdict, {width}: Page): string[] =>
  bottleneck.unjudged.flatMap(({id, why}) => hanging('??  ', prose(`${id}: ${why}`), width))

function causeLines(cause: CauseReport, page: Page): string[] {
  const {width, color, grid} = page
  const {id, rank, title, summary, confidence, isMaterial, evidence, look, findings} = cause
  const rows = evidence.map(({label, value, unit, source}) => [
    prose(label),
    prose(shownValue(value, unit)),
    prose(source),
  ])
  const inside = (text: string) => wrap(prose(text), width - 2).map(line => `  ${line}`)
  return [
    ...wrap(
      prose(`${rank}: ${id} (${confidence}${isMaterial ? '' : '; no request is seen to suffer from it'})`),
      width,
    ).map(line => (isMaterial ? bold(line, color) : line)),
    ...inside(`${title}: ${summary}`),
    ...grid({rows, width: width - 4}).map(line => `    ${line}`),
    ...look.flatMap(inside),
    ...findings.slice(0, 2).flatMap(finding => ['', ...shortFindingLines(finding, page)]),
    ...(findings.length > 2 ? ['', `  and ${number(findings.length - 2)} more: --format json has all`] : []),
  ]
}

/** A request and its error, then whether the database explains them: too long for the columns of a table. */
function failureLines(verdict: LoadVerdict, page: Page): string[] {
  const {width, color} = page
  const {groups} = verdict.failures
  const shown = groups.slice(0, MOST_GROUPS)
  const rest = groups.length - shown.length
  return [
    ...titled('Failures', wrap(prose(failuresSentence(verdict)), width), page),
    ...shown.flatMap(group => [
      ...hanging('  ', prose(`${failureCount(group)}  ${group.request}: ${shownValue(group.error)}`), width, 4).map(
        line => bold(line, color),
      ),
      ...hanging('      ', prose(`by the database: ${explainedText(group)}: ${group.reason}`), width),
    ]),
    ...(rest > 0 ? [`and ${number(rest)} more: --format json has all`] : []),
  ]
}
