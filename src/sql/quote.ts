/**
 * Quoting for SQL that people paste. Always quoted, and nothing invisible survives raw: control, format (bidi, zero
 * width) and line-separator characters become Unicode escapes, so that a name can neither end its line nor disguise it.
 */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u

/** Whether text that is already SQL holds such characters, which nobody can escape any more. */
export const hasInvisible = (sql: string): boolean => INVISIBLE.test(sql)

/** `name` as a quoted identifier: `"name"`, or `U&"a\000Ab"` when it holds invisible characters. */
export function quoteIdent(name: string): string {
  return INVISIBLE.test(name) ? `U&"${escapeInvisible(name, '"')}"` : `"${name.replaceAll('"', '""')}"`
}

/** `"schema"."name"`, the form used for subjects and in every fix. */
export function qualified(schema: string, name: string): string {
  return `${quoteIdent(schema)}.${quoteIdent(name)}`
}

/** `text` as a string constant: `'text'`, `E'...'` with a backslash, `U&'...'` with invisible characters. */
export function quoteLiteral(text: string): string {
  if (INVISIBLE.test(text)) return `U&'${escapeInvisible(text, "'")}'`
  const doubled = text.replaceAll("'", "''")
  // E'...' means the same whatever standard_conforming_strings says.
  return doubled.includes('\\') ? `E'${doubled.replaceAll('\\', '\\\\')}'` : `'${doubled}'`
}

function escapeInvisible(text: string, quote: string): string {
  let escaped = ''
  for (const char of text) {
    if (char === '\\' || char === quote) escaped += char + char
    else escaped += INVISIBLE.test(char) ? unicodeEscape(char.codePointAt(0)!) : char
  }
  return escaped
}

function unicodeEscape(codePoint: number): string {
  const hex = codePoint.toString(16).toUpperCase()
  return codePoint > 0xffff ? `\\+${hex.padStart(6, '0')}` : `\\${hex.padStart(4, '0')}`
}
