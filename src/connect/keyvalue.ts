import {conninfoError} from './settings.js'

/**
 * libpq's `keyword = value` string as pairs, in the order of writing. Values with spaces stand in single quotes;
 * a backslash makes the next character literal. Throws CliError (exit 2), naming positions, never values.
 */
export function parseKeyValue(text: string): [keyword: string, value: string][] {
  const pairs: [string, string][] = []
  let at = skipSpace(text, 0)
  while (at < text.length) {
    const name = /^([^\s=]*)\s*(=?)\s*/.exec(text.slice(at))!
    if (!name[2] || !name[1]) {
      throw conninfoError(
        `the connection string has a word without "=" at character ${at + 1}`,
        "write keyword=value; a value with spaces goes in single quotes: password='two words'",
      )
    }
    const value = readValue(text, at + name[0].length)
    pairs.push([name[1], value.text])
    at = skipSpace(text, value.end)
  }
  return pairs
}

function skipSpace(text: string, at: number): number {
  let next = at
  while (next < text.length && /\s/.test(text[next]!)) next++
  return next
}

function readValue(text: string, start: number): {text: string; end: number} {
  const quoted = text[start] === "'"
  let value = ''
  for (let at = quoted ? start + 1 : start; ; at++) {
    const character = text[at]
    if (character === undefined) {
      if (!quoted) return {text: value, end: at}
      throw conninfoError(
        `the quote opened at character ${start + 1} of the connection string is not closed`,
        "close it with ', and write a quote inside a value as \\'",
      )
    }
    if (quoted ? character === "'" : /\s/.test(character)) return {text: value, end: quoted ? at + 1 : at}
    if (character !== '\\') value += character
    else if (text[at + 1] !== undefined) value += text[++at]
  }
}
