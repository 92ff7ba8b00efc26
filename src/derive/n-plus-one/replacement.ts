import {qualified, quoteIdent} from '../../sql/quote.js'
import type {Loop} from './loops.js'

/** What reads in one statement what the loop reads row by row, in SQL; `$1` is the array of the parent rows' keys. */
export function replacementSql({lookup, parents}: Loop): string[] {
  const {kind, subject, onward} = lookup
  const table = qualified(subject.schema, subject.table)
  const column = quoteIdent(subject.column)
  if (kind === 'agg') return [`SELECT ${column}, count(*) FROM ${table} WHERE ${column} = ANY ($1) GROUP BY ${column};`]
  if (onward) {
    const rows = qualified(onward.to.schema, onward.to.table)
    const on = `found.${quoteIdent(onward.to.column)} = link.${quoteIdent(onward.from.column)}`
    return [
      `SELECT link.${column}, found.* FROM ${table} link JOIN ${rows} found ON ${on} WHERE link.${column} = ANY ($1);`,
    ]
  }
  const all = `SELECT * FROM ${table} WHERE ${column} = ANY ($1);`
  const reference = parents[0]!.reference
  if (kind !== 'pk' || !reference) return [all]
  const parent = qualified(reference.from.schema, reference.from.table)
  const on = `found.${column} = parent.${quoteIdent(reference.from.column)}`
  return [`SELECT parent.*, found.* FROM ${parent} parent LEFT JOIN ${table} found ON ${on};`, all]
}
