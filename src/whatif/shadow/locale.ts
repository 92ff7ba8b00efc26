import {qualified, quoteIdent, quoteLiteral} from '../../sql/quote.js'
import type {Collation, DatabaseLocale} from './schema.js'

/** Sorted by bytes: the order of an index then serves LIKE 'a%'. */
const isBytes = (name: string | null) => name === 'C' || name === 'POSIX'

/** `en_US.utf8` is `en-US` to ICU; what it cannot be is the root's order. */
const tagOf = (name: string) => /^[A-Za-z]{2,3}(_[A-Za-z]{2,4})?/.exec(name)?.[0].replace('_', '-')

type Way = {provider: 'libc' | 'icu' | 'builtin'; locale: string}

/** The same order first, then ICU's for the language, then ICU's for none. */
function ways({provider, collate, locale}: DatabaseLocale): Way[] {
  const root: Way = {provider: 'icu', locale: 'und'}
  if (provider === 'b') return [{provider: 'builtin', locale: locale ?? 'C'}, root]
  if (provider === 'i') return [{provider: 'icu', locale: locale ?? collate}, root]
  if (isBytes(collate)) return [{provider: 'libc', locale: 'C'}]
  const tag = tagOf(collate)
  return [{provider: 'libc', locale: collate}, ...(tag ? [{provider: 'icu', locale: tag} as const] : []), root]
}

/** Statements that create the database, the first that works is the best. */
export function createDatabase(name: string, owner: string, locale: DatabaseLocale): string[] {
  return ways(locale).map(way => {
    const place = quoteLiteral(way.locale)
    const own =
      way.provider === 'libc'
        ? `LOCALE_PROVIDER libc LOCALE ${place}`
        : way.provider === 'icu'
          ? `LOCALE_PROVIDER icu ICU_LOCALE ${place} LOCALE 'C'`
          : `LOCALE_PROVIDER builtin BUILTIN_LOCALE ${place} LOCALE 'C'`
    return `CREATE DATABASE ${quoteIdent(name)} OWNER ${quoteIdent(owner)} TEMPLATE template0 ENCODING 'UTF8' ${own}`
  })
}

/** Also for the operating system's collations of pg_catalog, of which this machine may have fewer. */
export function createCollation(collation: Collation): string[] {
  const {schema, name, isDeterministic} = collation
  return ways(collation).map(({provider, locale}) => {
    const kind = isDeterministic ? '' : ', DETERMINISTIC = false'
    const options = `PROVIDER = ${provider}, LOCALE = ${quoteLiteral(locale)}${kind}`
    return `CREATE COLLATION IF NOT EXISTS ${qualified(schema, name)} (${options})`
  })
}
