import type {Report} from '../report.js'

export const json = (report: Report): string => safeJson(report, 2)

/** JSON in which characters that could act on a terminal are written as escapes; reading gives back the same value. */
export function safeJson(value: unknown, indent: number): string {
  const text = JSON.stringify(value, null, indent)
  // Raw line feeds are the layout's own: JSON.stringify escapes those inside strings.
  return `${text.replace(/[\p{Cf}\u007f-\u009f\u2028\u2029]/gu, unicodeEscape)}\n`
}

function unicodeEscape(char: string): string {
  return [...Array(char.length).keys()].map(at => `\\u${char.charCodeAt(at).toString(16).padStart(4, '0')}`).join('')
}
