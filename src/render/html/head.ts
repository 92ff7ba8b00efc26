import {SEVERITIES} from '../../rule.js'
import {serverLine, statisticsLine, timestamp} from '../summary.js'
import {type Html, html} from './html.js'
import {mark} from './marks.js'
import type {PageInput} from './page.js'
import {sinceHtml} from './since.js'
import {tilesHtml} from './tiles.js'

/** The first screen: the verdict, what is new, the numbers that people ask for first. */
export function head(input: PageInput): Html {
  const {report} = input
  const {verdict, server, partial, warnings} = report
  const [word = ''] = verdict.headline.split(':')
  const state = verdict.ready === true ? 'good' : verdict.ready === false ? 'bad' : 'unknown'
  const notes = [...(partial ? ['The run was cut short: this report is incomplete.'] : []), ...warnings]
  return html`<header class="verdict ${state}" id="verdict">
<p class="place">${serverLine(report)}</p>
<h1>${mark(state === 'bad' ? 'critical' : state)}<span>${word}</span></h1>
<ul class="counts">${countsOf(input)}</ul>
<p class="facts">${timestamp(report.collectedAt)}${server && ` · ${server.platform}`}${
    statisticsLine(report) && ` · ${statisticsLine(report)}`
  }</p>
${notes.length > 0 && html`<ul class="warnings">${notes.map(note => html`<li>${note}</li>`)}</ul>`}
</header>
${sinceHtml(input)}
${tilesHtml(input)}
`
}

function countsOf({report: {verdict}}: PageInput): Html[] {
  const {counts} = verdict
  const found = SEVERITIES.filter(severity => counts[severity] > 0).map(
    severity =>
      html`<li class="tag ${severity}"><a href="#findings">${mark(severity)}<b>${counts[severity]}</b> ${severity}</a></li>`,
  )
  const rest = [
    [counts.skipped, 'cannot judge'],
    [counts.error, 'failed'],
    [counts.ignored, 'ignored'],
    [counts.ok, 'ok'],
  ] as const
  const others = rest
    .filter(([count]) => count > 0)
    .map(([count, word]) => html`<li class="tag quiet"><a href="#rules"><b>${count}</b> ${word}</a></li>`)
  return [...found, ...others]
}
