import type {Diff, StatementChange} from '../../diff/diff-types.js'
import type {Finding} from '../../report.js'
import {timestamp} from '../summary.js'
import {milliseconds, seconds} from '../units.js'
import {anchorsOf} from './findings.js'
import {type Html, html} from './html.js'
import {mark, severityTag} from './marks.js'
import type {PageInput} from './page.js'
import {shownText} from './parts.js'

/** On the first screen this many of each kind; all of them are among the changes. */
const SHOWN = 5

/** What is new since the run before: the reason why anybody opens tomorrow's report. */
export function sinceHtml(input: PageInput): Html | null {
  const {diff, trend, snapshot} = input
  if (!snapshot) return null
  if (!diff) {
    const text =
      trend.length > 1
        ? 'Not compared with an earlier run.'
        : 'No earlier run is known to compare with. Runs with --save are remembered: the next page then begins with what is new.'
    return html`<p class="since none note">${text}</p>`
  }
  const anchors = anchorsOf(input)
  const groups = [
    group(
      'New',
      diff.findings.new.map(finding => findingItem(finding, anchors)),
    ),
    group(
      'Worse',
      diff.findings.worse.map(({before, after}) => worseItem(before, after, anchors)),
    ),
    group('Slower', diff.statements.comparable ? diff.statements.slower.map(slowerItem) : []),
    group('Gone', diff.findings.gone.map(goneItem)),
  ].filter(each => each !== null)
  return html`<section class="since" id="since" aria-labelledby="since-title">
<h2 id="since-title">Since ${minute(diff.before.at)}<span class="facts"> ${seconds(
    Math.max(0, diff.after.at - diff.before.at),
  )} before this run</span></h2>
${groups.length > 0 ? html`<div class="groups">${groups}</div>` : html`<p>Nothing new, nothing worse, nothing gone.</p>`}
<p class="facts">${restLine(diff)} <a href="#changes">All changes</a></p>
</section>`
}

function group(title: string, items: Html[]): Html | null {
  if (items.length === 0) return null
  const left = items.length - SHOWN
  return html`<div class="group"><h3>${title} <span class="count">${items.length}</span></h3>
<ul class="plain">${items.slice(0, SHOWN)}${left > 0 && html`<li class="facts">and ${left} more</li>`}</ul></div>
`
}

function findingItem({severity, title, fingerprint}: Finding, anchors: Map<string, string>): Html {
  const anchor = anchors.get(fingerprint)
  return html`<li>${severityTag(severity)}<span class="words">${anchor ? html`<a href="#${anchor}">${title}</a>` : title}</span></li>
`
}

const worseItem = (before: Finding, after: Finding, anchors: Map<string, string>): Html =>
  html`<li>${severityTag(after.severity)}<span class="words"><a href="#${anchors.get(after.fingerprint) ?? 'findings'}">${after.title}</a> <span class="facts">was ${before.severity}</span></span></li>
`

const goneItem = ({title, severity}: Finding): Html =>
  html`<li><span class="tag good">${mark('good')}gone</span><span class="words">${title} <span class="facts">was ${severity}</span></span></li>
`

const slowerItem = ({beforeMs, afterMs, ...statement}: StatementChange): Html =>
  html`<li><span class="words"><span class="change">${beforeMs === null ? '' : `${milliseconds(beforeMs)} to `}${milliseconds(afterMs)}</span> <code>${shownText(statement, 90)}</code></span></li>
`

/** Nobody thinks in seconds of yesterday. */
const minute = (at: number): string => timestamp(at).replace(/:\d\d UTC$/, ' UTC')

function restLine({findings, settings, schema, statements}: Diff): string {
  const parts = [
    findings.same > 0 ? `${count(findings.same, 'finding')} as before` : '',
    findings.better.length > 0 ? `${findings.better.length} less severe` : '',
    findings.unknown.length > 0 ? `${findings.unknown.length} could not be judged this time` : '',
    settings.length > 0 ? `${count(settings.length, 'setting')} changed` : '',
    schema.length > 0 ? `${count(schema.length, 'change')} of the schema` : '',
    statements.comparable ? '' : `no comparison of statements: ${statements.reason}`,
  ].filter(Boolean)
  return parts.length > 0 ? `${parts.join('; ')}.` : ''
}

const count = (number: number, word: string) => `${number} ${word}${number === 1 ? '' : 's'}`
