import {createHash} from 'node:crypto'
import type {Diff} from '../../diff/diff-types.js'
import type {TrendPoint} from '../../history/trend.js'
import type {Report} from '../../report.js'
import type {Context} from '../../rule.js'
import type {Snapshot} from '../../snapshot.js'
import type {WorkloadReport} from '../../workload/types.js'
import {changesSection} from './changes.js'
import {connectionsSection} from './connections.js'
import {findingsSection} from './findings.js'
import {head} from './head.js'
import {type Html, html, trusted} from './html.js'
import {symbols} from './marks.js'
import {rulesSection} from './rules.js'
import {SCRIPT} from './script.js'
import {statementsSection} from './statements.js'
import {STYLE} from './style/index.js'
import {tablesSection} from './tables.js'
import {trendsSection} from './trends.js'

/** What a page shows. Null: it is not known, and the page says so where it matters. */
export type PageInput = {
  report: Report
  /** null: the server let nobody in */
  snapshot: Snapshot | null
  /** since the run before; null: there is none */
  diff: Diff | null
  /** oldest first, the last is this run; with fewer than two there is no trend */
  trend: readonly TrendPoint[]
  workload: WorkloadReport | null
  /** what the user told of the application */
  context: Context
}

/** A part of the page, with its own place in the table of contents. */
export type Section = {id: string; title: string; content: Html}

/** The report as one self-contained page. Pure: the same input gives the same bytes. */
export function page(input: PageInput): string {
  const sections = [
    findingsSection,
    changesSection,
    connectionsSection,
    statementsSection,
    tablesSection,
    trendsSection,
    rulesSection,
  ]
    .map(section => section(input))
    .filter((section): section is Section => section !== null)
  const {target, verdict} = input.report
  const title = `${verdict.headline.split(':')[0]} - ${target.database} on ${target.host}`
  return `<!doctype html>\n${
    html`<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<title>${title}</title>
<style>${trusted(STYLE)}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the report</a>
${symbols}
<div class="layout">
${contents(sections)}
<main id="main" tabindex="-1">
${head(input)}
${sections.map(
  ({id, title, content}) => html`<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${title}</h2>
${content}
</section>
`,
)}
${foot(input)}
</main>
</div>
<p id="status" class="unseen" role="status"></p>
<script>${trusted(SCRIPT)}</script>
</body>
</html>`.markup
  }\n`
}

const hashOf = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

/** Nothing is loaded from anywhere, and only this style sheet and this script count. */
const POLICY = [
  "default-src 'none'",
  `style-src ${hashOf(STYLE)}`,
  `script-src ${hashOf(SCRIPT)}`,
  "base-uri 'none'",
  "form-action 'none'",
].join('; ')

const contents = (sections: readonly Section[]): Html => html`<nav class="contents" aria-label="Contents">
<p class="brand">ahsp-db</p>
<ul>
<li><a href="#verdict">Verdict</a></li>
${sections.map(({id, title}) => html`<li><a href="#${id}">${title}</a></li>\n`)}</ul>
</nav>`

const foot = ({report}: PageInput): Html => html`<footer>
<p>Written by ahsp-db ${report.tool}. The page loads nothing from anywhere and sends nothing.</p>
</footer>`
