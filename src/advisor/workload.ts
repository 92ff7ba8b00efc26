import {hasPlan, waitsByDesign} from '../derive/statement-text.js'
import type {Snapshot} from '../snapshot.js'
import {treeOf} from '../sql/parse.js'
import {entriesOf} from '../workload/statements.js'
import type {WorkloadStatement} from './costs.js'

/** An index is not built for something that happened once. */
export const MIN_CALLS = 2
/** Statements that are planned, by time and by calls; what is left is little of either. */
const MAX_STATEMENTS = 1000

export type Workload = {statements: WorkloadStatement[] /** what was left out, for people */; notes: string[]}

/** The statements of the database's clients, of pg_stat_statements; null: they could not be read. The parser is loaded. */
export function workloadOf({sections}: Snapshot): Workload | null {
  const {server, statements, statementTexts} = sections
  if (!server.ok || !statements.ok || !statementTexts.ok) return null
  const {entries} = entriesOf(statements.data, statementTexts.data, server.data.database)
  const own = entries.filter(({text, facts}) => text === null || (hasPlan(text) && facts.kind !== 'catalog'))
  const readable = own.filter(({text, isCut}) => text !== null && !isCut)
  const found = readable
    .filter(({text, calls}) => calls >= MIN_CALLS && !waitsByDesign(text!))
    .slice(0, MAX_STATEMENTS)
    .map(({text, calls, rows, totalMs, queryids}) => ({id: queryids[0] ?? text!, sql: text!, calls, rows, totalMs}))
  const cut = own.length - readable.length
  return {statements: found, notes: cut > 0 ? [`${cut} statements have no text, or one that is cut short`] : []}
}

/** The statements of a file, each with the same weight. The parser is loaded; null: the text is no SQL. */
export function statementsIn(name: string, text: string): WorkloadStatement[] | null {
  const tree = treeOf(text) as {stmt_location?: number; stmt_len?: number}[] | null
  if (!tree) return null
  const bytes = Buffer.from(text)
  return tree.flatMap(({stmt_location: from = 0, stmt_len: length}, at) => {
    const sql = bytes
      .subarray(from, length ? from + length : undefined)
      .toString()
      .trim()
    const id = tree.length === 1 ? name : `${name}:${at + 1}`
    return hasPlan(sql.replace(/^(?:\s|--[^\n]*\n|\/\*[\s\S]*?\*\/)+/, ''))
      ? [{id, sql, calls: 1, rows: null, totalMs: null}]
      : []
  })
}
