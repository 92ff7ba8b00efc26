import type {Family} from './families.js'
import type {Lookup} from './lookups.js'
import {type KeyColumn, keyOf, type Reference, type Schema, sameTable} from './references.js'

/** A statement whose rows a loop may run over. */
export type Source = {
  family: Family
  columns: KeyColumn[]
}

/** A source, and how its rows lead to a look-up. */
export type Parent = {
  family: Family
  /** the column of its rows whose value is looked up */
  column: KeyColumn
  /** pk: the reference from there to the key; null: the rows hold the key itself */
  reference: Reference | null
}

/** SELECTs that return columns of tables and take no locks: those that do are workers', which work row by row. */
export function sourcesOf(families: readonly Family[], schema: Schema): Source[] {
  return families.flatMap(family => {
    const {kind, locks, targets, relations} = family.shape
    if (kind !== 'select' || locks || targets.length === 0 || family.rows === 0) return []
    const columns = targets.flatMap(target => schema.columnsOf(target, relations))
    return columns.length === 0 ? [] : [{family, columns}]
  })
}

/** Why the rows of `source` could be looped over with this look-up; null: they could not. */
export function parentFor(lookup: Lookup, source: Source, schema: Schema): Parent | null {
  const {family, columns} = source
  if (lookup.by === 'key') {
    const column = columns.find(each => keyOf(each) === keyOf(lookup.key))
    if (!column || (lookup.kind !== 'agg' && isJoined(lookup, columns, lookup.key))) return null
    return {family, column, reference: null}
  }
  for (const column of columns) {
    const reference = schema.referencesFrom(column).find(({to}) => keyOf(to) === keyOf(lookup.key))
    if (reference && !isJoined(lookup, columns, column)) return {family, column, reference}
  }
  // Only the keys were read, and then row by row the rest.
  const isBare = new Set(columns.map(keyOf)).size === 1 && keyOf(columns[0]!) === keyOf(lookup.key)
  return isBare && lookup.kind === 'pk' ? {family, column: columns[0]!, reference: null} : null
}

/** The looked-up rows came with the parent's own; where a table refers to itself that cannot be told. */
const isJoined = ({subject}: Lookup, columns: readonly KeyColumn[], from: KeyColumn): boolean =>
  !sameTable(subject, from) && columns.some(column => sameTable(column, subject))
