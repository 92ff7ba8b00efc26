import type {Diff, StatementChange} from '../../diff/diff-types.js'
import {timestamp} from '../summary.js'
import {milliseconds, number} from '../units.js'
import {type Html, html} from './html.js'
import {severityTag} from './marks.js'
import type {PageInput, Section} from './page.js'
import {sentence, short, shownNote, shownText, table} from './parts.js'

const SHOWN = 30

/** All that changed since the run before. Null: there is none. */
export function changesSection({diff}: PageInput): Section | null {
  if (!diff) return null
  const {before, settings, schema, statements, incomparable, notes} = diff
  const content = html`<p class="note">Compared with the run of ${timestamp(before.at)}: ${before.headline}</p>
${[...notes, ...incomparable].map(note => html`<p class="note">${sentence(note)}</p>`)}
${findingsHtml(diff)}
${settings.length > 0 && html`<h3>Settings</h3>${settingsHtml(settings)}`}
${schema.length > 0 && html`<h3>Schema and server</h3>${schemaHtml(schema)}`}
<h3>Statements</h3>
${statements.comparable ? statementsHtml(statements) : html`<p class="note">No comparison: ${sentence(statements.reason)}</p>`}`
  return {id: 'changes', title: 'What changed', content}
}

function findingsHtml({findings}: Diff): Html {
  const rows = [
    ...findings.new.map(finding => ({change: 'new', finding})),
    ...findings.worse.map(({before, after}) => ({change: `worse, was ${before.severity}`, finding: after})),
    ...findings.better.map(({before, after}) => ({change: `better, was ${before.severity}`, finding: after})),
    ...findings.unsure.map(({finding, why}) => ({change: `found; not judged before: ${why}`, finding})),
    ...findings.gone.map(finding => ({change: 'gone', finding})),
    ...findings.unknown.map(({finding, why}) => ({change: `not judged this time: ${why}`, finding})),
  ]
  if (rows.length === 0) return html`<p class="note">The findings are the same.</p>`
  return html`<h3>Findings</h3>${table(
    'Findings that changed',
    [
      {head: 'Change', cell: row => row.change},
      {head: 'Severity', cell: row => severityTag(row.finding.severity)},
      {head: 'Finding', cell: row => row.finding.title, isWide: true},
      {head: 'Rule', cell: row => row.finding.rule},
    ],
    rows.slice(0, SHOWN),
  )}${shownNote(Math.min(SHOWN, rows.length), rows.length, 'the first')}`
}

const settingsHtml = (settings: Diff['settings']): Html =>
  html`${table(
    'Settings that changed',
    [
      {head: 'Setting', cell: row => row.name},
      {head: 'Before', cell: row => (row.from === null ? 'not set' : short(row.from))},
      {head: 'Now', cell: row => (row.to === null ? 'not set' : short(row.to)), isWide: true},
    ],
    settings.slice(0, SHOWN),
  )}${shownNote(Math.min(SHOWN, settings.length), settings.length, 'the first')}`

const schemaHtml = (schema: Diff['schema']): Html =>
  html`${table(
    'Objects that changed',
    [
      {head: 'Kind', cell: row => row.kind},
      {head: 'Name', cell: row => short(row.name)},
      {head: 'Change', cell: row => row.change},
      {head: 'Detail', cell: row => short(row.detail), isWide: true},
    ],
    schema.slice(0, SHOWN),
  )}${shownNote(Math.min(SHOWN, schema.length), schema.length, 'the first')}`

function statementsHtml({slower, faster, appeared, notes}: Extract<Diff['statements'], {comparable: true}>): Html {
  const rows = [
    ...slower.map(each => ({change: 'slower', ...each})),
    ...appeared.map(each => ({change: 'new', ...each})),
    ...faster.map(each => ({change: 'faster', ...each})),
  ]
  const said = notes.map(note => html`<p class="note">${sentence(note)}</p>`)
  if (rows.length === 0) return html`<p class="note">None became slower or faster, none is new.</p>${said}`
  return html`${table<StatementChange & {change: string}>(
    'Statements that changed',
    [
      {head: 'Change', cell: row => row.change},
      {head: 'Mean before', cell: row => (row.beforeMs === null ? '' : milliseconds(row.beforeMs)), isNumber: true},
      {head: 'Mean now', cell: row => milliseconds(row.afterMs), isNumber: true},
      {head: 'Calls', cell: row => number(row.calls), isNumber: true},
      {
        head: 'Statement',
        cell: row => html`<code>${shownText(row, 160)}</code>`,
        isWide: true,
      },
    ],
    rows.slice(0, SHOWN),
  )}${shownNote(Math.min(SHOWN, rows.length), rows.length, 'the first')}${said}`
}
