import {meanMs} from '../../history/trend.js'
import type {Label, WorkloadReport, WorkloadRow} from '../../workload/types.js'
import {milliseconds, number, seconds} from '../units.js'
import {anchorsOf} from './findings.js'
import {type Html, html} from './html.js'
import type {PageInput, Section} from './page.js'
import {barred, code, empty, folded, short, table} from './parts.js'
import {sparkline} from './sparkline.js'

const LONGEST_TEXT = 4000
/** Those are among the other rules of the page. */
const NOT_JUDGED = 'not judged'

/** What costs most time, and how its time per call went. */
export function statementsSection(input: PageInput): Section | null {
  const {workload} = input
  if (!workload) return null
  const content = html`${workload.rows.length > 0 ? rowsHtml(input, workload) : empty(workload.headline)}
${workload.gaps
  .filter(({text}) => !text.startsWith(NOT_JUDGED))
  .map(
    ({text, cure}) =>
      html`<p class="note">${text}${cure !== undefined && '; needs:'}</p>${cure !== undefined && code(cure.split('\n'), 'What it needs')}`,
  )}`
  return {id: 'statements', title: 'Top statements', content}
}

function rowsHtml(input: PageInput, {rows, totals, rest, statistics}: WorkloadReport): Html {
  const means = new Map(rows.map(row => [row, meanMs(input.trend, row.queryids)]))
  const hasTrend = rows.some(row => sparkline(means.get(row)!) !== null)
  const period = statistics.seconds === null ? '' : ` in ${seconds(statistics.seconds)}`
  return html`<p class="note">${number(totals.calls)} calls took ${milliseconds(totals.totalMs)}${period}; the ${rows.length} most expensive, statements alike together.${
    rest.statements > 0 && ` ${number(rest.statements)} others took ${milliseconds(rest.totalMs)}.`
  }</p>
${table<WorkloadRow>(
  'Statements by total time',
  [
    {
      head: 'Time',
      cell: row => barred(row.timeShare, `${number(Math.round(row.timeShare))} %`),
      isNumber: true,
    },
    {head: 'Calls', cell: row => number(row.calls), isNumber: true},
    {head: 'Mean', cell: row => milliseconds(row.meanMs), isNumber: true},
    ...(hasTrend ? [{head: 'Mean so far', cell: (row: WorkloadRow) => trendCell(means.get(row)!)}] : []),
    {head: 'Rows/call', cell: row => number(row.rowsPerCall), isNumber: true},
    {head: 'Statement', cell: row => statementCell(row, input), isWide: true},
  ],
  rows,
)}`
}

function trendCell(values: readonly (number | null)[]): Html | string {
  const known = values.filter(value => value !== null)
  const line = sparkline(values)
  // Only now: it was not there before, or nobody called it.
  if (!line) return known.length === 1 && values.at(-1) !== null ? 'first seen' : ''
  return html`${line}<span class="unseen">from ${milliseconds(known[0]!)} to ${milliseconds(known.at(-1)!)}</span>`
}

function statementCell(row: WorkloadRow, input: PageInput): Html {
  const {readable, text, queryids, labels} = row
  const title = short(readable || text || `queryid ${queryids[0] ?? 'hidden'}`, 140)
  const whole = text === null ? null : short(text, LONGEST_TEXT)
  const anchors = anchorsOf(input)
  return html`${whole === null ? html`<code>${title}</code>` : folded(html`<code>${title}</code>`, code(whole.split('\n'), `Statement ${row.rank}`))}
${labels.length > 0 && html`<ul class="labels">${labels.map(label => html`<li>${labelHtml(label, anchors)}</li>`)}</ul>`}`
}

function labelHtml({text, finding}: Label, anchors: Map<string, string>): Html | string {
  const anchor = finding && anchors.get(`${finding.rule} ${finding.subject}`)
  return anchor ? html`<a href="#${anchor}">${text}</a>` : text
}
