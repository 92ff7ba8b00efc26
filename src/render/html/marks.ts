import type {Severity} from '../../rule.js'
import {type Html, html} from './html.js'

/** The shapes that every page defines once; a shape of its own for each severity, because colour alone tells nothing. */
export const symbols: Html = html`<svg class="symbols" width="0" height="0" aria-hidden="true" focusable="false">
<symbol id="mark-critical" viewBox="0 0 16 16"><path d="M5 .5h6l4.5 4.5v6L11 15.5H5L.5 11V5z"/><path class="ink" d="M7 3.5h2v5.5H7zM7 10.5h2v2H7z"/></symbol>
<symbol id="mark-high" viewBox="0 0 16 16"><path d="M8 .8 15.7 15H.3z"/><path class="ink" d="M7.1 5.5h1.8V10H7.1zM7.1 11.2h1.8v1.9H7.1z"/></symbol>
<symbol id="mark-medium" viewBox="0 0 16 16"><path d="M8 .3 15.7 8 8 15.7.3 8z"/><path class="ink" d="M7.1 4.2h1.8v5H7.1zM7.1 10.2h1.8V12H7.1z"/></symbol>
<symbol id="mark-low" viewBox="0 0 16 16"><circle cx="8" cy="8" r="6" class="hollow"/><circle cx="8" cy="8" r="2.4"/></symbol>
<symbol id="mark-info" viewBox="0 0 16 16"><circle cx="8" cy="8" r="6" class="hollow"/><path d="M7.1 7h1.8v4.6H7.1zM7.1 4.2h1.8v1.8H7.1z"/></symbol>
<symbol id="mark-good" viewBox="0 0 16 16"><circle cx="8" cy="8" r="7.5"/><path class="ink-line" d="m4.4 8.3 2.5 2.5 4.8-5.3"/></symbol>
<symbol id="mark-unknown" viewBox="0 0 16 16"><circle cx="8" cy="8" r="6.7" class="hollow"/><path class="line" d="M5.9 6.3A2.1 2.1 0 1 1 8.6 8.3Q8 8.6 8 9.6"/><path d="M7.2 10.9h1.6v1.6H7.2z"/></symbol>
</svg>`

export type Mark = Severity | 'good' | 'unknown'

/** Decoration beside a word that says the same. */
export const mark = (name: Mark): Html =>
  html`<svg class="mark ${name}" width="16" height="16" aria-hidden="true" focusable="false"><use href="#mark-${name}"/></svg>`

/** The mark and its word: `critical`. */
export const severityTag = (severity: Severity): Html =>
  html`<span class="tag ${severity}">${mark(severity)}${severity}</span>`
