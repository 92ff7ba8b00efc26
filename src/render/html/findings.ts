import type {Diff} from '../../diff/diff-types.js'
import type {Finding} from '../../report.js'
import {findingsBySeverity} from '../summary.js'
import {shownValue} from '../units.js'
import {fixHtml} from './blocks.js'
import {type Html, html} from './html.js'
import {severityTag} from './marks.js'
import type {PageInput, Section} from './page.js'
import {empty, folded, short, table} from './parts.js'

/** Of one rule so many are told in full, so many named, the rest counted. */
const SHOWN_PER_RULE = 5
const NAMED_PER_RULE = 20
/** Of all rules together. */
const NAMED = 400
const LONGEST = 300
/** Characters of markup after which findings are only named: a page must go into an e-mail. */
const BUDGET = 600_000
/** These are open from the start: what must be read first. */
const OPEN = 2

export function findingsSection({report, diff}: PageInput): Section {
  const all = findingsBySeverity(report)
  const title = all.length === 1 ? '1 finding' : `${all.length} findings`
  if (all.length === 0) return {id: 'findings', title: 'Findings', content: empty('Nothing was found.')}
  const {full, named} = withinBudget(all, newnessOf(diff))
  return {id: 'findings', title, content: html`${full}${named.length > 0 && namedHtml(named)}`}
}

/** The place of a finding on the page, by its fingerprint; for links from elsewhere. */
export function anchorsOf(input: PageInput): Map<string, string> {
  return new Map(findingsBySeverity(input.report).map(({fingerprint}, at) => [fingerprint, `finding-${at + 1}`]))
}

type Newness = Map<string, 'new' | 'worse'>

function newnessOf(diff: Diff | null): Newness {
  if (!diff) return new Map()
  return new Map([
    ...diff.findings.new.map(({fingerprint}) => [fingerprint, 'new'] as const),
    ...diff.findings.worse.map(({after}) => [after.fingerprint, 'worse'] as const),
  ])
}

type Numbered = {finding: Finding; id: string}

function withinBudget(all: readonly Finding[], newness: Newness): {full: Html[]; named: Numbered[]} {
  const full: Html[] = []
  const named: Numbered[] = []
  const shown = new Map<string, number>()
  let spent = 0
  let isFull = false
  for (const [at, finding] of all.entries()) {
    const id = `finding-${at + 1}`
    const before = shown.get(finding.rule) ?? 0
    const change = newness.get(finding.fingerprint)
    const isOpen = at < OPEN && (finding.severity === 'critical' || finding.severity === 'high')
    const isTold: boolean = !isFull && (before < SHOWN_PER_RULE || change !== undefined)
    const told: Html | null = isTold ? findingHtml(finding, id, change, isOpen) : null
    isFull ||= told !== null && spent + told.markup.length > BUDGET
    if (told && !isFull) {
      spent += told.markup.length
      shown.set(finding.rule, before + 1)
      full.push(told)
    } else {
      named.push({finding, id})
    }
  }
  return {full, named}
}

function findingHtml(finding: Finding, id: string, newness: string | undefined, isOpen: boolean): Html {
  const {severity, title, rule, subject, confidence, detail, evidence, fixes} = finding
  return html`<article class="finding ${severity}" id="${id}">
<details${isOpen ? html` open` : ''}><summary>${severityTag(severity)}<span class="what"><h3>${title}</h3>${
    newness && html` <span class="badge">${newness}</span>`
  }<span class="facts">${rule} · ${subject} · ${confidence}</span></span></summary>
<div class="inside">
${detail && html`<p>${detail}</p>`}
${
  evidence.length > 0 &&
  table(
    `Evidence of ${id.replace('-', ' ')}`,
    [
      {head: 'Evidence', cell: row => row.label},
      {head: 'Value', cell: row => shownValue(row.value, row.unit)},
      {head: 'Source', cell: row => row.source, isWide: true},
    ],
    evidence,
  )
}
${fixes.map((fix, at) => fixHtml(fix, fixes.length > 1 ? `Fix ${at + 1}` : 'Fix'))}
</div>
</details>
</article>
`
}

function namedHtml(named: readonly Numbered[]): Html {
  const rules = [...new Set(named.map(({finding}) => finding.rule))]
  let left = NAMED
  return html`${rules.map(rule => {
    const of = named.filter(({finding}) => finding.rule === rule)
    const shown = of.slice(0, Math.min(NAMED_PER_RULE, left))
    left -= shown.length
    return folded(`${rule}: ${of.length} more`, html`${namesHtml(shown)}${restHtml(rule, of.length - shown.length)}`)
  })}`
}

const namesHtml = (named: readonly Numbered[]): Html | null =>
  named.length === 0
    ? null
    : html`<ul class="plain">${named.map(
        ({finding: {severity, title, subject}, id}) =>
          html`<li id="${id}">${severityTag(severity)} ${short(title, LONGEST)} <span class="facts">${short(subject, LONGEST)}</span></li>\n`,
      )}</ul>`

const restHtml = (rule: string, left: number): Html | null =>
  left > 0 ? html`<p class="note">And ${left} that are not named: ahsp-db fix ${rule} has all of them.</p>` : null
