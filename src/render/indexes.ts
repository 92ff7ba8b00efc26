import type {IndexAdvice, IndexesReport, ServedStatement} from '../advisor/report.js'
import {shorten} from '../derive/statement-text.js'
import {planLines, plannerText} from './plan-lines.js'
import {codeSpan, fence, markdownText, prose} from './sanitize.js'
import {bold, dim, hanging, wrap} from './style.js'
import {bytes, number} from './units.js'

type Options = {color: boolean; width: number}

const MIN_WIDTH = 60
const MAX_WIDTH = 120
const FRAMEWORKS: Record<string, string> = {django: 'Django', rails: 'Rails', prisma: 'Prisma', typeorm: 'TypeORM'}
/** Statements and unplannable ones shown of each; all are in the JSON report. */
const SHOWN = 5
const LONGEST = 300

export async function renderIndexes(
  report: IndexesReport,
  format: 'table' | 'markdown' | 'json',
  options: Options,
): Promise<string> {
  if (format === 'json') return (await import('./json.js')).safeJson(report, 2)
  return format === 'table' ? indexesTable(report, options) : indexesMarkdown(report)
}

const cost = (value: number): string => number(Number(value.toPrecision(3)))
const percent = (value: number): string => (value >= 10 ? value.toFixed(0) : value.toPrecision(2))
const times = (before: number, after: number): string =>
  after > 0 && before > after ? `, ${number(Number((before / after).toPrecision(2)))} x` : ''
const change = ({before, after}: {before: number; after: number}) =>
  `cost ${cost(before)} -> ${cost(after)}${times(before, after)}`

function servedText(each: ServedStatement): string {
  return `${callsText(each.calls)}, ${percent(each.share)} % of the workload: ${change(each)}`
}

const sizeText = ({bytes: size, gainPercent, writePercent, notHotPercent}: IndexAdvice) =>
  `saves ${percent(gainPercent)} % of the workload's cost, takes ${bytes(size)}; ` +
  (writePercent > 0 ? `writes cost ${percent(writePercent)} % of it` : 'no write of the workload touches it') +
  (notHotPercent > 0 ? `; ${percent(notHotPercent)} % of the table's updates are not HOT any more` : '')

/** The lines to type, each with what it is for; SQL is never wrapped. */
function steps(index: IndexAdvice): {text: string; lines: string[]; language: string}[] {
  const {create, verify, undo, replaces, code, lock} = index
  const old = replaces.map(({name, bytes: size}) => `${name} (${bytes(size)})`).join(', ')
  const back = [...undo, ...replaces.flatMap(each => each.undo ?? [])]
  return [
    {text: `Create it (lock: ${lock})`, lines: create, language: 'sql'},
    ...(code
      ? [{text: `Or in ${FRAMEWORKS[code.framework]}: ${code.where}`, lines: code.lines, language: code.language}]
      : []),
    {text: 'Verify (it must be true)', lines: verify, language: 'sql'},
    ...(old
      ? [{text: `Then drop what it replaces: ${old}`, lines: replaces.map(({drop}) => drop), language: 'sql'}]
      : []),
    {text: 'Undo', lines: back, language: 'sql'},
  ]
}

function planSteps({serves}: IndexAdvice): {text: string; lines: string[]}[] {
  return serves.slice(0, SHOWN).flatMap(({plans}) =>
    plans
      ? [
          {text: 'Plan before', lines: planLines(plans.before)},
          {text: 'Plan after', lines: planLines(plans.after)},
        ]
      : [],
  )
}

export function indexesTable(report: IndexesReport, {color, width: given}: Options): string {
  const width = Math.max(MIN_WIDTH, Math.min(given, MAX_WIDTH))
  const {recommendations, closest, target} = report
  const host = target.host.includes(':') ? `[${target.host}]` : target.host
  const found: string[] = [
    ...wrap(prose(report.headline), width).map(line => bold(line, color)),
    ...wrap(prose(`${host}:${target.port}/${target.database} as ${target.user}`), width).map(line => dim(line, color)),
    ...wrap(totals(report), width),
    '',
  ]
  for (const [at, index] of recommendations.entries()) found.push(...indexLines(index, at + 1, width, color), '')
  if (closest) {
    found.push(...hanging('-  ', prose(`${closestText(report)}: ${closest.definitions.join(' and ')}`), width))
    found.push(...hanging('   ', prose(shorten(closest.text, LONGEST)), width))
    found.push(...hanging('   ', prose(`refused: ${closest.reason}`), width), '')
  }
  for (const each of report.longer) {
    found.push(...hanging('-  ', prose(`${longerText(each)}: ${each.definition}`), width))
    found.push(...hanging('   ', prose(shorten(each.text, LONGEST)), width))
    found.push(...hanging('   ', prose(`refused: ${longerReason(each)}`), width), '')
  }
  found.push(...notesOf(report).flatMap(note => hanging('-  ', prose(note), width)))
  return `${found.join('\n').trimEnd()}\n`
}

const totals = ({before, after, bytes: size, budget, planner}: IndexesReport) =>
  `Cost of the workload ${cost(before)} -> ${cost(after)}, by ${plannerText(planner)}; new indexes ${bytes(size)} of a ` +
  `budget of ${bytes(budget)}.`

const closestText = ({closest, recommendations}: IndexesReport) =>
  `${recommendations.length > 0 ? 'The next one' : 'The closest one'} (${callsText(closest!.calls)}, ${change(closest!)})`

type Longer = IndexesReport['longer'][number]

const ratio = ({before, after}: Longer) => (after > 0 ? before / after : 1)
const longerText = (each: Longer) =>
  `A longer one in the place of ${each.served} (${callsText(each.calls)}, ` +
  `cost ${cost(each.before)} -> ${cost(each.after)}, ${ratio(each).toFixed(2)} x)`
/** A change of a tenth is within what the planner can tell. */
function longerReason(each: Longer): string {
  if (ratio(each) >= 1.1) return 'that is too little for a larger index'
  return `the shorter one serves the statement ${ratio(each) < 0.9 ? 'better' : 'as well'}`
}

function indexLines(index: IndexAdvice, position: number, width: number, color: boolean): string[] {
  const indented = (text: string) => hanging('   ', prose(text), width)
  const served = index.serves
    .slice(0, SHOWN)
    .flatMap(each => [
      ...hanging('   -> ', servedText(each), width),
      ...hanging('      ', prose(shorten(each.text, LONGEST)), width),
    ])
  const blocks = [...steps(index), ...planSteps(index)].flatMap(({text, lines: typed}) => [
    ...indented(`${text}:`),
    ...typed.map(line => `     ${line}`),
  ])
  return [
    ...hanging(`${position}. `, prose(index.definition), width).map(line => bold(line, color)),
    ...indented(sizeText(index)),
    ...served,
    ...moreOf(index.serves.length, 'statements').map(text => `   ${text}`),
    ...blocks,
  ]
}

const moreOf = (count: number, what: string) => (count > SHOWN ? [`and ${count - SHOWN} more ${what}`] : [])

/** What could not be planned, and what else is to be known. */
function notesOf({unplannable, notes}: IndexesReport): string[] {
  const shown = unplannable
    .slice(0, SHOWN)
    .map(({text, calls, reason}) => `not planned (${callsText(calls)}): ${shorten(text, 80)}: ${reason}`)
  return [...shown, ...moreOf(unplannable.length, 'statements that cannot be planned'), ...notes]
}

/** The same for a ticket. */
export function indexesMarkdown(report: IndexesReport): string {
  const {headline, recommendations, closest, target, tool} = report
  const parts = [
    `# ${markdownText(headline)}`,
    markdownText(totals(report)),
    ...recommendations.flatMap(indexMarkdown),
    closest
      ? `${markdownText(closestText(report))}: ${closest.definitions.map(each => codeSpan(each)).join(' and ')} for ` +
        `${codeSpan(shorten(closest.text, LONGEST))} was refused: ${markdownText(closest.reason)}.`
      : '',
    ...report.longer.map(
      each =>
        `${markdownText(longerText(each))}: ${codeSpan(each.definition)} for ${codeSpan(shorten(each.text, LONGEST))} was ` +
        `refused: ${markdownText(longerReason(each))}.`,
    ),
    notesOf(report)
      .map(note => `- ${markdownText(note)}`)
      .join('\n'),
    `---\n\nahsp-db ${markdownText(tool)} · ${codeSpan(`${target.host}:${target.port}/${target.database}`)}`,
  ]
  return `${parts.filter(Boolean).join('\n\n')}\n`
}

function indexMarkdown(index: IndexAdvice, at: number): string[] {
  const served = index.serves
    .slice(0, SHOWN)
    .map(each => `- ${markdownText(servedText(each))}: ${codeSpan(shorten(each.text, LONGEST))}`)
  return [
    `## ${at + 1}. ${codeSpan(index.definition)}`,
    markdownText(sizeText(index)),
    [...served, ...moreOf(index.serves.length, 'statements').map(text => `- ${text}`)].join('\n'),
    ...steps(index).flatMap(({text, lines: typed, language}) => [`${markdownText(text)}:`, fence(typed, language)]),
    ...planSteps(index).flatMap(({text, lines: typed}) => [`${text}:`, fence(typed, 'text')]),
  ]
}

const callsText = (calls: number) => `${number(calls)} ${calls === 1 ? 'call' : 'calls'}`
