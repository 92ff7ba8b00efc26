import type {Report, Result} from '../../report.js'
import {isCode, serverLine, statisticsLine, timestamp} from '../summary.js'
import {type Html, html} from './html.js'
import {mark} from './marks.js'
import type {PageInput, Section} from './page.js'
import {code, folded} from './parts.js'

/** What could not be judged and why, what was fine, and how the report came about. */
export function rulesSection({report}: PageInput): Section {
  const of = (status: Result['status']) => report.results.filter(result => result.status === status)
  const [skipped, failed, ok] = [of('skipped'), of('error'), of('ok')]
  const content = html`${skipped.length > 0 && skippedHtml(skipped)}
${failed.length > 0 && html`<h3>Rules that failed</h3>${list(failed)}`}
${report.ignored.length > 0 && ignoredHtml(report.ignored)}
${ok.length > 0 && folded(html`${mark('good')} ${ok.length} ${ok.length === 1 ? 'rule is' : 'rules are'} satisfied`, list(ok))}
${aboutHtml(report)}`
  return {id: 'rules', title: skipped.length > 0 ? 'Not judged, and the rest' : 'The other rules', content}
}

const list = (results: readonly Result[]): Html =>
  html`<ul class="plain">${results.map(({rule, summary}) => html`<li><b>${rule}</b> <span>${summary}</span></li>\n`)}</ul>`

/** Rules with the same cure together: one grant often opens many of them. */
function skippedHtml(skipped: readonly Result[]): Html {
  const cures = [...new Set(skipped.map(({cure}) => cure))]
  return html`<h3>${mark('unknown')} ${skipped.length} cannot be judged</h3>
${cures.map(cure => {
  const alike = skipped.filter(result => result.cure === cure)
  return html`<div class="skipped">${list(alike)}${cure !== undefined && cureHtml(cure)}</div>\n`
})}`
}

const cureHtml = (cure: string): Html =>
  isCode(cure) || cure.startsWith('ahsp-db ')
    ? html`<p class="step">Needs:</p>${code(cure.split('\n'), 'What it needs')}`
    : html`<p class="step">Needs: ${cure}</p>`

const ignoredHtml = (ignored: Report['ignored']): Html => html`<h3>Ignored</h3>
<ul class="plain">${ignored.map(
  ({rule, subject, reason, until}) =>
    html`<li><b>${rule}</b> ${subject}: ${reason}${until && ` (until ${until})`}</li>\n`,
)}</ul>`

function aboutHtml(report: Report): Html {
  const {server, statistics} = report
  const facts = [
    ['Server', serverLine(report)],
    ['Platform', server && `${server.platform}: ${server.platformEvidence}`],
    ['Read at', timestamp(report.collectedAt)],
    [
      'Counters',
      `${statisticsLine(report)}${statistics.since === null ? '' : `, since ${timestamp(statistics.since)}`}`,
    ],
    ['Users asked for', report.users],
    ['Tool', `ahsp-db ${report.tool}`],
  ].filter(([, value]) => value)
  return html`<h3>About this report</h3>
<dl class="about">${facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>\n`)}</dl>`
}
