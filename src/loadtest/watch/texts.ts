import {MARK} from '../../collect/collector.js'
import {hideUrlPasswords} from '../../redact.js'
import {redactSql} from '../../sql/redact.js'
import type {RunRecord} from '../record.js'
import {now} from './clock.js'

/** Statements of one reading whose texts are worth a line. */
const TOP = 20
/** Of an active session's statement, in each second; with a queryid the whole text has a line of its own. */
const SHORT = 300

export const redacted = (text: string, standardStrings: boolean): string =>
  hideUrlPasswords(redactSql(text, standardStrings))

export const shortText = (text: string, standardStrings: boolean): string =>
  redacted(text, standardStrings).replace(/\s+/g, ' ').slice(0, SHORT)

export type Texts = {
  /** redacted already, as a snapshot has them */
  learn: (texts: readonly {queryid: string; text: string}[]) => void
  /** Writes the text of those met for the first time, where it is known. */
  met: (queryids: readonly string[]) => void
  /** met, but not known yet */
  missing: () => string[]
  textOf: (queryid: string) => string | null
}

/** Each text is written once. */
export function statementTexts(emit: (record: RunRecord) => void): Texts {
  const known = new Map<string, string>()
  const written = new Set<string>()
  const wanted = new Set<string>()
  const write = (queryid: string) => {
    const text = known.get(queryid)
    if (text === undefined) wanted.add(queryid)
    else if (!written.has(queryid)) {
      written.add(queryid)
      wanted.delete(queryid)
      emit({type: 'statement', at: now(), queryid, text})
    }
  }
  return {
    learn(texts) {
      for (const {queryid, text} of texts) if (!text.includes(MARK)) known.set(queryid, text)
      for (const queryid of [...wanted]) write(queryid)
    },
    met(queryids) {
      for (const queryid of queryids.slice(0, TOP)) write(queryid)
    },
    missing: () => [...wanted],
    textOf: queryid => known.get(queryid) ?? null,
  }
}
