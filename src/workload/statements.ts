import {familyText} from '../derive/n-plus-one/families.js'
import {familyOf} from '../derive/statement-families.js'
import {hasPlan} from '../derive/statement-text.js'
import type {Sections, Statement} from '../snapshot.js'
import {type Facts, factsOf} from './facts.js'
import type {Sums} from './types.js'

/** Statements that are one in the report, users summed. */
export type Entry = Sums & {
  queryids: string[]
  users: string[]
  /** of the member with the most time; null: the server did not give it */
  text: string | null
  isCut: boolean
  facts: Facts
}

export type Entries = {
  entries: Entry[]
  /** in other databases */
  elsewhere: Sums
  /** inside functions, where the calling statement is counted already */
  nested: Sums
}

const NOTHING: Sums = {calls: 0, totalMs: 0, rows: 0, blocks: 0, tempBlocks: 0, walBytes: null}

/** The statements of `database` that clients sent, by family, most time first. The parser should be loaded. */
export function entriesOf(
  statements: readonly Statement[],
  texts: Sections['statementTexts'],
  database: string,
): Entries {
  const textOf = new Map(texts.map(each => [each.queryid, each]))
  const found = new Map<string, Entry>()
  let elsewhere = NOTHING
  let nested = NOTHING
  const keyOf = memo((queryid: string | null) => {
    const known = queryid === null ? undefined : textOf.get(queryid)
    const facts = factsOf(known?.text ?? null)
    return {key: known ? familyKey(known.text, known.truncated, facts) : `query ${queryid}`, known, facts}
  })
  for (const statement of [...statements].sort((a, b) => b.totalMs - a.totalMs)) {
    if (statement.database !== database) elsewhere = add(elsewhere, sumsOf(statement))
    else if (!statement.toplevel) nested = add(nested, sumsOf(statement))
    else {
      const {key, known, facts} = keyOf(statement.queryid)
      const entry = found.get(key) ?? {
        ...NOTHING,
        queryids: [],
        users: [],
        text: known?.text ?? null,
        isCut: known?.truncated ?? false,
        facts,
      }
      const {queryid, user} = statement
      if (queryid !== null && !entry.queryids.includes(queryid)) entry.queryids.push(queryid)
      if (user !== null && !entry.users.includes(user)) entry.users.push(user)
      found.set(key, Object.assign(entry, add(entry, sumsOf(statement))))
    }
  }
  return {entries: [...found.values()], elsewhere, nested}
}

function memo<V>(of: (key: string | null) => V): (key: string | null) => V {
  const known = new Map<string | null, V>()
  return key => {
    const seen = known.get(key)
    if (seen !== undefined) return seen
    const value = of(key)
    known.set(key, value)
    return value
  }
}

const sumsOf = (statement: Statement): Sums => ({
  calls: statement.calls,
  totalMs: statement.totalMs,
  rows: statement.rows,
  blocks: statement.sharedHit + statement.sharedRead,
  tempBlocks: statement.tempRead + statement.tempWritten,
  walBytes: statement.walBytes,
})

export const add = (a: Sums, b: Sums): Sums => ({
  calls: a.calls + b.calls,
  totalMs: a.totalMs + b.totalMs,
  rows: a.rows + b.rows,
  blocks: a.blocks + b.blocks,
  tempBlocks: a.tempBlocks + b.tempBlocks,
  walBytes: a.walBytes === null && b.walBytes === null ? null : (a.walBytes ?? 0) + (b.walBytes ?? 0),
})

export const percent = (part: number, whole: number) => (whole > 0 ? Math.min(100, (part / whole) * 100) : 0)

/** Of a text that was cut off inside a list, its beginning. */
const OPEN_LIST = /\(\s*\$\d+[\s\d$,]*$/
/** The rows of one INSERT, once their parameters look alike. */
const ROWS = /(\([^()]*\))(?:\s*,\s*\1)+/g

function familyKey(text: string, isCut: boolean, {kind}: Facts): string {
  // What monitoring asks is one line of the report, not twenty.
  if (kind === 'catalog') return kind
  if (!hasPlan(text)) return familyOf(text)
  const key = familyText(isCut ? text.replace(OPEN_LIST, '(...') : text, false)
  return /^INSERT\b/i.test(key) ? key.replace(ROWS, '$1, ...') : key
}
