import type {StatementFamily} from '../snapshot.js'

/** Families named in a snapshot; a flood is one of the largest. */
const MOST = 5
const LONGEST_TEXT = 200

const QUERY = /^[\s(]*(select|insert|update|delete|merge|with|values|table)\b/i

/**
 * Texts that differ only in generated names (whatever has a digit in it), constants and the length of lists, grouped;
 * the families with most members first. A list ends the comparison: what follows differs with its length anyway.
 */
export function statementFamilies(texts: readonly string[]): StatementFamily[] {
  const members = new Map<string, number>()
  for (const text of texts) {
    const family = familyOf(text)
    members.set(family, (members.get(family) ?? 0) + 1)
  }
  return [...members]
    .filter(([, entries]) => entries > 1)
    .sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))
    .slice(0, MOST)
    .map(([text, entries]) => ({
      text: text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)} ...` : text,
      entries,
      isUtility: !QUERY.test(text),
      isList: text.endsWith(LIST),
    }))
}

const LIST = '(?, ...'

/** What a text has in common with its family. */
export function familyOf(text: string): string {
  const plain = text
    .replace(/\/\*[\s\S]*?(\*\/|$)/g, ' ')
    .replace(/--[^\n]*/g, ' ')
    .replace(/'(?:[^']|'')*(?:'|$)/g, '?')
    .replace(/"[^"]*\d[^"]*(?:"|$)/g, '?')
    .replace(/\$?\b[\w$]*\d[\w$]*/g, '?')
    .replace(/\s+/g, ' ')
    .trim()
  const list = /\(\s*\?(?:\s*\/\*, \.\.\. \*\/)?\s*,\s*(?:\?|$)/.exec(plain)
  return list ? plain.slice(0, list.index) + LIST : plain
}
