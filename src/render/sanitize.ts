/** One sanitiser per sink: every text in a report may come from the server, and a name may hold anything. */

const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

/** A ZERO WIDTH SPACE as an entity: breaks mentions and automatic links without changing what is read. */
const BREAK = '&#8203;'

/** One line in which control, bidi and other invisible characters are spelled out: `\u001B`. */
export function visible(text: string): string {
  return text.replace(INVISIBLE, char => `\\u${char.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`)
}

/** Running text for a terminal: line breaks become spaces, the rest of the invisible is spelled out. */
export function prose(text: string): string {
  return visible(text.replace(/\s*[\r\n]\s*/g, ' ').trim())
}

/** Running text for Markdown: no HTML, links, mentions, emphasis or table cells other than ours. */
export function markdownText(text: string): string {
  return prose(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/[\\`*[\]~$|]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])/g, '\\$&')
    .replace(/^(\s*)([-+=#])/, '$1\\$2')
    .replace(/^(\s*\d+)([.)])/, '$1\\$2')
    .replaceAll('@', `@${BREAK}`)
    .replaceAll('://', `:${BREAK}//`)
    .replace(/\bwww\./gi, match => `${match}${BREAK}`)
}

/** Inside an HTML tag of ours, where Markdown is not read. */
export function html(text: string): string {
  const escaped: Record<string, string> = {'&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;'}
  return prose(text)
    .replace(/[&<>"']/g, char => escaped[char]!)
    .replaceAll('@', `@${BREAK}`)
}

/** `text` as a code span; a table's cell ends at a bar even inside one. */
export function codeSpan(text: string, inTable = false): string {
  const line = prose(text) || ' '
  const ticks = '`'.repeat(longestRun(line) + 1)
  const pad = /^`|`$|^ .* $/.test(line) ? ' ' : ''
  const span = ticks + pad + line + pad + ticks
  return inTable ? span.replaceAll('|', '\\|') : span
}

/** A fenced block that its own content cannot close. */
export function fence(lines: string[], language: string): string {
  const ticks = '`'.repeat(Math.max(3, longestRun(lines.join('\n')) + 1))
  return [ticks + language, ...lines, ticks].join('\n')
}

function longestRun(text: string): number {
  return Math.max(0, ...(text.match(/`+/g) ?? []).map(run => run.length))
}
