import {visible} from '../sanitize.js'

/** Markup that is safe to put into a page. Only `html` and `trusted` make it. */
export class Html {
  constructor(readonly markup: string) {}
}

/** What may stand in a template: texts are escaped; null, undefined and booleans are nothing. */
export type Part = string | number | boolean | null | undefined | Html | readonly Part[]

/** The only way from texts to markup. Attributes must be quoted; never put a text into a script or style. */
export function html(strings: TemplateStringsArray, ...parts: Part[]): Html {
  return new Html(strings.reduce((before, string, at) => `${before}${markupOf(parts[at - 1])}${string}`))
}

/** For markup of our own: the drawn charts, the style sheet and the script. Never for anything that was read. */
export const trusted = (markup: string): Html => new Html(markup)

function markupOf(part: Part): string {
  if (part instanceof Html) return part.markup
  if (Array.isArray(part)) return part.map(markupOf).join('')
  return typeof part === 'string' || typeof part === 'number' ? escaped(String(part)) : ''
}

const ENTITIES: Record<string, string> = {'&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;'}

/** Line breaks stay (they are spaces in running text); other invisible characters are spelled out. */
const escaped = (text: string): string =>
  text
    .replaceAll('\r\n', '\n')
    .split('\n')
    .map(visible)
    .join('\n')
    .replace(/[&<>"']/g, char => ENTITIES[char]!)
