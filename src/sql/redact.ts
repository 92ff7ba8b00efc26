/**
 * Replaces every literal of an SQL text by a placeholder, and removes comments (they carry tags and user data).
 * A lexer, not the parser: texts are often truncated or not SQL at all (COPY ... PROGRAM, ALTER ROLE ... PASSWORD),
 * and a literal must never survive because a grammar did not know the statement.
 */
const tokens = (plainString: string) =>
  new RegExp(
    [
      String.raw`--[^\n]*`, // line comment
      String.raw`/\*`, // block comment: nests, so its end is looked for by hand
      String.raw`[eE]'(?:[^'\\]|''|\\[\s\S])*(?:'|$)`,
      `(?:[uU]&|[bBxXnN])?${plainString}`,
      String.raw`\$([A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$`, // dollar quote: its end is looked for by hand
      '(?:[uU]&)?"(?:[^"]|"")*(?:"|$)', // identifier, kept
      String.raw`\$\d+`, // parameter, kept
      String.raw`[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*`, // word, kept (also keeps the 1 of a1)
      String.raw`0[xXoObB][\da-fA-F_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?`,
    ].join('|'),
    'g',
  )

/** What pg_stat_statements puts for the rest of a list (PostgreSQL 18): no comment of anybody's, and kept. */
export const SQUASHED = '/*, ... */'

const STANDARD = tokens("'(?:[^']|'')*(?:'|$)")

/** With standard_conforming_strings = off a backslash escapes the quote in plain strings too. */
const BACKSLASH = tokens(String.raw`'(?:[^'\\]|''|\\[\s\S])*(?:'|$)`)

/** Nothing that could be a literal or a comment: most texts of pg_stat_statements, which need no work. */
const CLEAN = /^(?:[^'"$\d/-]|\$\d|(?<=\w)\d|(?<=\$\d+)\d)*$/

const endOfComment = (text: string, start: number): number => {
  let depth = 1
  let at = start + 2
  while (at < text.length && depth > 0) {
    if (text.startsWith('/*', at)) depth += 1
    else if (text.startsWith('*/', at)) depth -= 1
    else {
      at += 1
      continue
    }
    at += 2
  }
  return at
}

const endOfDollarQuote = (text: string, tag: string, start: number): number => {
  const end = text.indexOf(tag, start + tag.length)
  return end < 0 ? text.length : end + tag.length
}

const highestParameter = (text: string) =>
  Math.max(0, ...[...text.matchAll(/\$(\d{1,5})/g)].map(match => Number(match[1])))

export function redactSql(source: string, standardStrings = true): string {
  if (CLEAN.test(source)) return source
  const TOKEN = standardStrings ? STANDARD : BACKSLASH
  let parameter = highestParameter(source)
  let result = ''
  let at = 0
  TOKEN.lastIndex = 0
  for (let match = TOKEN.exec(source); match; match = TOKEN.exec(source)) {
    const token = match[0]
    if (token === '') break
    result += source.slice(at, match.index)
    at = match.index + token.length
    if (token.startsWith('--')) continue
    if (token.startsWith('/*')) {
      at = endOfComment(source, match.index)
      if (source.startsWith(SQUASHED, match.index)) result += SQUASHED
    } else if (/^\$\D*\$$/.test(token)) {
      at = endOfDollarQuote(source, token, match.index)
      parameter += 1
      result += `$${parameter}`
    } else if (token.includes("'") && !token.startsWith('"') && !/^[uU]&"/.test(token)) {
      parameter += 1
      result += `$${parameter}`
    } else if (/^[\d.]/.test(token)) {
      parameter += 1
      result += `$${parameter}`
    } else result += token
    TOKEN.lastIndex = at
  }
  return (result + source.slice(at)).trim()
}
