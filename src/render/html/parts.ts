import {type Html, html, type Part} from './html.js'

/** Pieces that several sections use. */

export type Column<Row> = {
  head: string
  cell: (row: Row) => Part
  /** right-aligned, with figures of equal width */
  isNumber?: boolean
  /** takes what width is left */
  isWide?: boolean
}

/** Rows of more columns than this become blocks on a phone. */
const FEW = 3

/** A table that scrolls inside itself where the screen is narrow; on a phone its rows are blocks. */
export function table<Row>(label: string, columns: readonly Column<Row>[], rows: readonly Row[]): Html {
  const isStacked = columns.length > FEW
  const classOf = ({isNumber, isWide}: Column<Row>) => (isNumber ? 'number' : isWide ? 'wide' : 'text')
  const cell = (column: Column<Row>, row: Row) =>
    html`<td class="${classOf(column)}"${isStacked && html` data-head="${column.head}"`}>${column.cell(row)}</td>`
  return html`<div class="scroll" role="region" aria-label="${label}" tabindex="0"><table${isStacked && html` class="stacked"`}>
<thead><tr>${columns.map(column => html`<th scope="col" class="${classOf(column)}">${column.head}</th>`)}</tr></thead>
<tbody>
${rows.map(row => html`<tr>${columns.map(column => cell(column, row))}</tr>\n`)}</tbody>
</table></div>`
}

/** Lines to type, and a button that copies exactly them. The button is there only where scripts run. */
export function code(lines: readonly string[], label: string): Html {
  return html`<div class="code"><pre tabindex="0" aria-label="${label}"><code>${lines.join('\n')}</code></pre><button type="button" class="copy" hidden aria-label="Copy: ${label}">Copy</button></div>`
}

/** Folded until somebody asks; printed open. */
export const folded = (summary: Part, content: Part, isOpen = false): Html =>
  html`<details${isOpen ? html` open` : ''}><summary>${summary}</summary>
<div class="inside">${content}</div>
</details>`

/** A bar of so many percent; the number beside it says the same. */
export function bar(percent: number, kind = 'share'): Html {
  const width = Math.round(Math.max(0, Math.min(100, Number.isFinite(percent) ? percent : 0)) * 10) / 10
  return html`<svg class="bar ${kind}" width="72" height="8" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" focusable="false"><rect class="track" width="100" height="8" rx="2"/><rect class="fill" width="${width}" height="8" rx="2"/></svg>`
}

/** A bar and its number in columns of their own, so that bars of all rows begin at one place. */
export const barred = (percent: number, text: Part, kind?: string): Html =>
  html`<span class="barred">${bar(percent, kind)}<span>${text}</span></span>`

/** Says what is not shown: `50 of 500 are shown, the largest`. */
export const shownNote = (shown: number, all: number, which: string): Html | null =>
  shown < all ? html`<p class="note">${shown} of ${all} are shown: ${which}.</p>` : null

export const empty = (text: string): Html => html`<p class="note">${text}</p>`

const LONGEST_NAME = 120

/** Names and addresses as a cell shows them: nobody reads a kilobyte. */
export const short = (text: string, length = LONGEST_NAME): string =>
  text.length > length ? `${text.slice(0, length)}...` : text

/** A statement on one line. */
export const shownText = ({text, queryid}: {text: string | null; queryid: string}, length: number): string =>
  short(text === null ? `queryid ${queryid}` : text.replaceAll(/\s+/g, ' ').trim(), length)

/** `the server was restarted` as a sentence. */
export const sentence = (text: string): string =>
  `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`
