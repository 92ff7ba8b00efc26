import {shorten} from '../derive/statement-text.js'
import type {ChangedStatement, WhatifReport} from '../whatif/report.js'
import {planLines, plannerText} from './plan-lines.js'
import {codeSpan, fence, markdownText, prose} from './sanitize.js'
import {bold, dim, hanging, wrap} from './style.js'
import {bytes, number} from './units.js'

type Options = {color: boolean; width: number}

const MIN_WIDTH = 60
const MAX_WIDTH = 120
/** Statements shown; all are in the JSON report. */
const SHOWN = 10
const UNPLANNED = 5
const LONGEST = 300

export async function renderWhatif(
  report: WhatifReport,
  format: 'table' | 'markdown' | 'json',
  options: Options,
): Promise<string> {
  if (format === 'json') return (await import('./json.js')).safeJson(report, 2)
  return format === 'table' ? whatifTable(report, options) : whatifMarkdown(report)
}

const cost = (value: number) => number(Number(value.toPrecision(3)))
const ratio = (value: number) => String(Number(value.toPrecision(value < 0.1 ? 1 : 2)))
const asMuchAs = (value: number) => (ratio(value) === '1' ? 'as much as' : `${ratio(value)} of`)
const percent = (value: number) => (value >= 10 ? value.toFixed(0) : value.toPrecision(2))
const callsText = (calls: number) => `${number(calls)} ${calls === 1 ? 'call' : 'calls'}`

/** What is changed: today's value or nothing, and the asked one. */
function askedTexts({asked: {settings, indexes, dropped}}: WhatifReport): string[] {
  return [
    ...settings.map(({name, from, to}) => `${name}: ${from} -> ${to}`),
    ...indexes.map(
      ({name, definition, bytes: size, writePercent}) =>
        `new index ${name} ON ${definition}: takes ${bytes(size)}; ` +
        (writePercent > 0
          ? `writes cost ${percent(writePercent)} % of the workload`
          : 'no write of the workload touches it'),
    ),
    ...dropped.map(({name, bytes: size}) => `without index ${name}: frees ${bytes(size)}`),
  ]
}

/** What the figures are, and what they are not. */
function measureText(report: WhatifReport): string {
  const {isComparable, before, after, planner, leftOut, leftOutByTodaysPrices} = report
  const raw = `${cost(before)} -> ${cost(after)}`
  if (isComparable) return `Cost of the workload ${raw}, by ${plannerText(planner)}; an estimate, not a time.`
  const by = (whose: string, value: number | null, left: number) =>
    value === null
      ? ''
      : ` By ${whose} prices the new plans cost ${asMuchAs(value)} the old ones${left > 0 ? ` (${left} not counted: what they cost there is not known)` : ''}.`
  const isInHeadline = leftOut === 0
  return (
    `The planner's own sums (${raw}) are in two currencies and say nothing.` +
    (isInHeadline ? '' : by('the new', report.ratio, leftOut)) +
    by("today's", report.ratioByTodaysPrices, leftOutByTodaysPrices) +
    ' Which prices are right, only running the statements tells: look at the plans that change.'
  )
}

function costText({isComparable}: WhatifReport, each: ChangedStatement): string {
  const {calls, share, before, after, oldPlanByNewPrices: old, newPlanByTodaysPrices: now} = each
  const times = `${callsText(calls)}, ${percent(share)} % of the workload`
  if (isComparable) return `${times}: cost ${cost(before)} -> ${cost(after)}, ${each.verdict}`
  const then = old === null ? `new plan ${cost(after)}, old plan not known` : `${cost(old)} -> ${cost(after)}`
  return `${times}: by the new prices ${then}; by today's ${cost(before)} -> ${now === null ? 'not known' : cost(now)}`
}

/** What could not be planned, and what else is to be known. */
function notesOf({unplannable, notes}: WhatifReport): string[] {
  const shown = unplannable
    .slice(0, UNPLANNED)
    .map(({text, calls, reason}) => `not planned (${callsText(calls)}): ${shorten(text, 80)}: ${reason}`)
  const more = unplannable.length - shown.length
  return [...shown, ...(more > 0 ? [`and ${more} more statements that cannot be planned`] : []), ...notes]
}

const moreOf = ({changed}: WhatifReport) =>
  changed.length > SHOWN ? [`and ${changed.length - SHOWN} more plans that change (all with --format json)`] : []

export function whatifTable(report: WhatifReport, {color, width: given}: Options): string {
  const width = Math.max(MIN_WIDTH, Math.min(given, MAX_WIDTH))
  const {target, changed, broken} = report
  const host = target.host.includes(':') ? `[${target.host}]` : target.host
  const item = (text: string) => hanging('-  ', prose(text), width)
  const found = [
    ...wrap(prose(report.headline), width).map(line => bold(line, color)),
    ...wrap(prose(`${host}:${target.port}/${target.database} as ${target.user}`), width).map(line => dim(line, color)),
    ...askedTexts(report).flatMap(item),
    ...wrap(measureText(report), width),
    '',
    ...broken.flatMap(({text, calls, reason}) => [
      ...hanging('!  ', prose(`would fail (${callsText(calls)}): ${reason}`), width),
      ...hanging('   ', prose(shorten(text, LONGEST)), width),
      '',
    ]),
    ...changed.slice(0, SHOWN).flatMap((each, at) => [...changedLines(report, each, at + 1, width, color), '']),
    ...moreOf(report),
    ...notesOf(report).flatMap(item),
  ]
  return `${found.join('\n').trimEnd()}\n`
}

function changedLines(
  report: WhatifReport,
  each: ChangedStatement,
  at: number,
  width: number,
  color: boolean,
): string[] {
  const plans = planSteps(each).flatMap(({text, lines}) => [`   ${text}:`, ...lines.map(line => `     ${line}`)])
  return [
    ...hanging(`${at}. `, prose(shorten(each.text, LONGEST)), width).map(line => bold(line, color)),
    ...hanging('   ', prose(costText(report, each)), width),
    ...each.differences.flatMap(text => hanging('   -> ', prose(text), width)),
    ...plans,
  ]
}

const planSteps = ({plans}: ChangedStatement) =>
  plans
    ? [
        {text: 'Plan before', lines: planLines(plans.before)},
        {text: 'Plan after', lines: planLines(plans.after)},
      ]
    : []

/** The same for a ticket. */
export function whatifMarkdown(report: WhatifReport): string {
  const {headline, changed, broken, target, tool} = report
  const listed = (texts: string[]) => texts.map(text => `- ${markdownText(text)}`).join('\n')
  const failures = broken.map(
    ({text, calls, reason}) => `- ${codeSpan(shorten(text, LONGEST))} (${callsText(calls)}): ${markdownText(reason)}`,
  )
  const parts = [
    `# ${markdownText(headline)}`,
    listed(askedTexts(report)),
    markdownText(measureText(report)),
    failures.length > 0 ? `## Would fail\n\n${failures.join('\n')}` : '',
    ...changed
      .slice(0, SHOWN)
      .flatMap((each, at) => [
        `## ${at + 1}. ${codeSpan(shorten(each.text, LONGEST))}`,
        markdownText(costText(report, each)),
        listed(each.differences),
        ...planSteps(each).flatMap(({text, lines}) => [`${text}:`, fence(lines, 'text')]),
      ]),
    ...moreOf(report).map(markdownText),
    listed(notesOf(report)),
    `---\n\nahsp-db ${markdownText(tool)} · ${codeSpan(`${target.host}:${target.port}/${target.database}`)}`,
  ]
  return `${parts.filter(Boolean).join('\n\n')}\n`
}
