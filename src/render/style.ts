import type {Severity} from '../rule.js'

/** SGR colours of the terminal's own palette; the word is always printed too, so colour only helps the eye. */
const COLORS: Record<Severity, string> = {critical: '1;31', high: '31', medium: '33', low: '36', info: '2'}

const paint = (codes: string, text: string, on: boolean) => (on ? `\u001b[${codes}m${text}\u001b[0m` : text)

export const severityColor = (severity: Severity, text: string, on: boolean): string =>
  paint(COLORS[severity], text, on)
export const bold = (text: string, on: boolean): string => paint('1', text, on)
export const dim = (text: string, on: boolean): string => paint('2', text, on)
export const green = (text: string, on: boolean): string => paint('32', text, on)

/** Breaks `text` into lines of at most `width` columns, at spaces; a longer word is cut, not left to overflow. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ').flatMap(part => chop(part, width))) {
    if (line !== '' && columns(line) + 1 + columns(word) > width) {
      lines.push(line)
      line = word
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  return [...lines, line]
}

/** `mark` and text; what follows is indented as far as the mark, or by `indent`. */
export function hanging(mark: string, text: string, width: number, indent = mark.length): string[] {
  const [head = '', ...rest] = wrap(`${'_'.repeat(mark.length)}${text}`, width)
  const lines = rest.length > 0 ? wrap(rest.join(' '), width - indent) : []
  return [`${mark}${head.slice(mark.length)}`, ...lines.map(line => `${' '.repeat(indent)}${line}`)]
}

/** Columns on a terminal: East Asian and emoji characters take two, combining marks none. */
export function columns(text: string): number {
  let width = 0
  for (const char of text) width += charColumns(char)
  return width
}

function charColumns(char: string): number {
  if (/\p{M}/u.test(char)) return 0
  return /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u.test(
    char,
  )
    ? 2
    : 1
}

function chop(word: string, width: number): string[] {
  if (columns(word) <= width) return [word]
  const parts: string[] = []
  let part = ''
  for (const char of word) {
    if (columns(part) + charColumns(char) > width) {
      parts.push(part)
      part = ''
    }
    part += char
  }
  return [...parts, part]
}
