import type {Next} from '../loadtest/journey/next.js'
import {differenceText, metricText} from '../loadtest/journey/step.js'
import type {Journey, JourneyRow, JourneyStep, Metric, Outcome} from '../loadtest/journey/types.js'
import {loadGrid} from './grid.js'
import type {Format} from './index.js'
import {safeJson} from './json.js'
import {PREDICTION_HEAD, predictionHeadline, predictionRows, predictionTexts} from './loadtest-prediction.js'
import {codeSpan, markdownText, prose} from './sanitize.js'
import {bold, dim, green, hanging, severityColor, wrap} from './style.js'
import {milliseconds, number, seconds} from './units.js'

type Options = {color: boolean; width: number}

const MIN_WIDTH = 60
const MAX_WIDTH = 120

/** The journey in one of its formats. */
export async function renderJourney(journey: Journey, format: Exclude<Format, 'brief'>, options: Options) {
  if (format === 'json') return safeJson(journey, 2)
  return format === 'markdown' ? journeyMarkdown(journey) : journeyTable(journey, options)
}

const HEAD = ['run', 'users', 'success', 'req/s', 'P50', 'P95', 'P99', 'failures']
const MISSING = 'not measured'

function rowCells({name, users, success, requestsPerSecond, p50, p95, p99, failures}: JourneyRow): string[] {
  return [
    name,
    users === null ? '?' : number(users),
    success === null ? MISSING : metricText(success.value, 'percent'),
    requestsPerSecond === null ? MISSING : number(requestsPerSecond.value),
    latency(p50),
    latency(p95?.value ?? null),
    latency(p99),
    failuresText(failures),
  ]
}

const latency = (value: number | null) => (value === null ? MISSING : milliseconds(Math.round(value)))

function failuresText(failures: JourneyRow['failures']): string {
  if (failures === null) return MISSING
  if (failures.total === 0) return 'none'
  const [only, ...others] = failures.causes
  if (only && others.length === 0) return `${number(failures.total)} ${only.cause}`
  const causes = failures.causes.map(({cause, count}) => `${number(count)} ${cause}`).join(', ')
  return `${number(failures.total)}${causes ? `: ${causes}` : ''}`
}

const DATABASE_HEAD = ['run', 'tx/s', 'refusals', 'pool wait', 'lock waits', 'deadlocks', 'connections', 'watched']

function databaseCells({name, database, seconds: watched}: JourneyRow): string[] {
  const {transactionsPerSecond, refusals, poolWaitMs, lockWaitPercent, deadlocks, connectionsPeak, usable} = database
  const or = (value: number | null, text: (value: number) => string) => (value === null ? MISSING : text(value))
  return [
    name,
    rateText(transactionsPerSecond),
    number(refusals),
    or(poolWaitMs, milliseconds),
    or(lockWaitPercent, value => `${number(Math.round(value))} %`),
    or(deadlocks, number),
    or(connectionsPeak, value => `${number(value)} of ${usable === null ? '?' : number(usable)}`),
    seconds(watched),
  ]
}

const rateText = (rate: Metric | null) => (rate === null ? MISSING : number(rate.value))

/** For a terminal: the table, what the database saw, then each change with what came of it. */
async function journeyTable({rows, steps, next, notes, target}: Journey, options: Options): Promise<string> {
  const {color} = options
  const width = Math.max(MIN_WIDTH, Math.min(options.width, MAX_WIDTH))
  const grid = await loadGrid()
  const shown = (head: string[], cells: (row: JourneyRow) => string[]) =>
    grid({head, rows: rows.map(row => cells(row).map(prose)), width, ruled: true})
  const sections = [
    [dim(prose(`${target.host}:${target.port}/${target.database} as ${target.user}`), color)],
    shown(HEAD, rowCells),
    [bold('What the database saw', color), ...shown(DATABASE_HEAD, databaseCells)],
    ...steps.map(step => stepLines(step, width, color)),
    next ? await nextLines(next, width, color) : [],
    notes.flatMap(note => hanging('-  ', prose(note), width)),
  ]
  const lines = sections.filter(section => section.length > 0).flatMap(section => [...section, ''])
  return `${lines.slice(0, -1).join('\n')}\n`
}

function stepLines(step: JourneyStep, width: number, color: boolean): string[] {
  const {from, to, headline, outcome, changes} = step
  return [
    bold(prose(`${from} -> ${to}`), color),
    ...wrap(prose(headline), width - 2).map(line => `  ${painted(outcome, line, color)}`),
    ...(changes.length > 1 ? changes.flatMap(({text}) => hanging('  *  ', prose(text), width)) : []),
    ...detailsOf(step).flatMap(text => hanging('  -  ', prose(text), width)),
  ]
}

const BAD: readonly Outcome[] = ['made it worse', 'did not help']

const painted = (outcome: Outcome, line: string, color: boolean) =>
  outcome === 'helped' ? green(line, color) : BAD.includes(outcome) ? severityColor('high', line, color) : line

/** What the headline leaves out: the differences that are none beside those that are, and what is not known. */
function detailsOf({differences, notes, unknown}: JourneyStep): string[] {
  const isClear = differences.some(({result}) => result === 'better' || result === 'worse')
  const same = differences.filter(({result}) => isClear && result === 'no difference').map(differenceText)
  const missing = differences.filter(({result}) => result === 'not measured').map(({name}) => name)
  return [
    same.length > 0 ? `no difference: ${same.join(', ')}` : '',
    missing.length > 0 ? `not measured in both: ${missing.join(', ')}` : '',
    ...notes,
    ...unknown.map(text => `not compared: ${text}`),
  ].filter(Boolean)
}

async function nextLines(next: Next, width: number, color: boolean): Promise<string[]> {
  const grid = await loadGrid()
  const rows = predictionRows(next)
  return [
    ...wrap(prose(predictionHeadline(next)), width).map(line => bold(line, color)),
    ...(rows.length > 0 ? grid({head: PREDICTION_HEAD, rows, width, ruled: true}) : []),
    ...predictionTexts(next).flatMap(text => hanging('-  ', prose(text), width)),
  ]
}

function nextMarkdown(next: Next): string {
  const rows = predictionRows(next)
  return [
    `## ${markdownText(predictionHeadline(next))}`,
    rows.length > 0 ? table(PREDICTION_HEAD, rows) : '',
    list(predictionTexts(next)),
  ]
    .filter(Boolean)
    .join('\n\n')
}

/** The same for a ticket. */
function journeyMarkdown({rows, steps, next, notes, tool, target}: Journey): string {
  const parts = [
    '# Load tests compared',
    steps
      .map(({from, to, headline}) => `- **${markdownText(`${from} -> ${to}`)}**: ${markdownText(headline)}`)
      .join('\n'),
    table(
      HEAD,
      rows.map(row => withTexts(rowCells(row), [0, HEAD.length - 1])),
    ),
    `## What the database saw\n\n${table(
      DATABASE_HEAD,
      rows.map(row => withTexts(databaseCells(row), [0])),
    )}`,
    ...steps.map(stepMarkdown),
    next ? nextMarkdown(next) : '',
    notes.length > 0 ? `## Notes\n\n${list(notes)}` : '',
    `---\n\nahsp-db ${codeSpan(tool)} · ${codeSpan(`${target.host}:${target.port}/${target.database}`)}`,
  ]
  return `${parts.filter(Boolean).join('\n\n')}\n`
}

function stepMarkdown(step: JourneyStep): string {
  const {from, to, outcome, changes} = step
  // The table below has all differences.
  const details = detailsOf({...step, differences: []})
  return [
    `## ${markdownText(`${from} -> ${to}: ${outcome}`)}`,
    changes.length > 0 ? `Changed:\n\n${list(changes.map(({text}) => text))}` : 'Changed: nothing that is known.',
    table(
      ['measured', 'before', 'after', 'noise', 'result'],
      step.differences.map(({name, unit, before, after, noise, result}) => [
        name,
        metricText(before, unit),
        metricText(after, unit),
        noise === null ? '' : metricText(noise, unit, true),
        result,
      ]),
    ),
    details.length > 0 ? list(details) : '',
  ]
    .filter(Boolean)
    .join('\n\n')
}

const list = (texts: string[]) => texts.map(text => `- ${markdownText(text)}`).join('\n')

/** Cells are Markdown already: numbers are ours, and an escaped point in each would only hurt the eye. */
const table = (head: string[], rows: string[][]) =>
  [head, head.map(() => '---'), ...rows].map(cells => `| ${cells.join(' | ')} |`).join('\n')

/** Names and texts come from files and servers. */
const withTexts = (cells: string[], texts: readonly number[]) =>
  cells.map((cell, at) => (texts.includes(at) ? markdownText(cell) : cell))
