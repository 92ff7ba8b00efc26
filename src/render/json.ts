import type {Report} from '../report.js'

/** The report as JSON; characters that could act on a terminal are written as escapes, which JSON reads back. */
export function json(report: Report): string {
  const text = JSON.stringify(report, null, 2)
  // Raw line feeds are the layout's own: JSON.stringify escapes those inside strings.
  return `${text.replace(/[\p{Cf}\u007f-\u009f\u2028\u2029]/gu, unicodeEscape)}\n`
}

function unicodeEscape(char: string): string {
  return [...Array(char.length).keys()].map(at => `\\u${char.charCodeAt(at).toString(16).padStart(4, '0')}`).join('')
}
