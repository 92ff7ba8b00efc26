import {usageError} from '../errors.js'
import {hideUrlPasswords} from '../redact.js'

/** `check --all --save` -> its words; quotes as in a shell. Throws CliError (exit 2) for a quote that never ends. */
export function splitWords(text: string): string[] {
  const words = text.match(/(?:[^\s'"]+|'[^']*'|"[^"]*")+/g) ?? []
  if (text.replaceAll(/'[^']*'|"[^"]*"/g, '').match(/['"]/)) {
    throw usageError(`--command has a quote that does not end: ${text}`, `e.g. --command 'check --all --save'`)
  }
  return words.map(word => word.replaceAll(/'([^']*)'|"([^"]*)"/g, (_, single, double) => single ?? double))
}

/** Units are read by many: the command line in them must not hold a password, nor what would end its line. */
export function refuseUnsafe(words: readonly string[]): void {
  for (const word of words) {
    if (/\p{Cc}/u.test(word)) throw usageError('a control character cannot be part of a unit', 'leave it out')
    if (hideUrlPasswords(word) !== word || /\b(ssl)?password\s*=/i.test(word)) {
      throw usageError(
        'the command line of a unit must not hold a password',
        'leave it out: the unit reads it from a file',
      )
    }
  }
}

const PLAIN = /^[\w@+=:,./-]+$/

/** For sh. */
export const shellWord = (word: string): string => (PLAIN.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)

/** For ExecStart= and Environment=: `%` would start a specifier, `$` a variable. */
export function systemdWord(word: string): string {
  const text = word.replaceAll('%', '%%').replaceAll('$', '$$$$')
  return PLAIN.test(word) ? text : `"${text.replaceAll(/["\\]/g, found => `\\${found}`)}"`
}

/** In a crontab a `%` ends the command. */
export const cronText = (text: string): string => text.replaceAll('%', '\\%')
