import type {Column} from '../../sql/shape.js'
import type {Family} from './families.js'
import {type KeyColumn, keyOf, type Reference, type Schema, sameTable, type TableColumns} from './references.js'

/**
 * How one value chooses the rows: `pk` by a key of the table, `fk` by a column that refers to another table, `m2m`
 * through a link table, `agg` only their number or existence.
 */
export type LookupKind = 'pk' | 'fk' | 'm2m' | 'agg'

/** A statement that looks up rows by one value, read in one of the ways in which it can be a loop's. */
export type Lookup = {
  kind: LookupKind
  family: Family
  /** the table and column it is reported under */
  subject: KeyColumn
  /** a loop runs over rows that hold this key; or, for `by: 'reference'`, over rows that refer to it */
  key: KeyColumn
  by: 'key' | 'reference'
  /** the reference that is followed backwards, from the looked-up rows to the key; null for `by: 'reference'` */
  reference: Reference | null
  /** m2m: the reference from the link table to the rows */
  onward: Reference | null
}

/** Every way to read a statement as a look-up; none for locks, lists, and what is no SELECT of one value. */
export function lookupsOf(family: Family, schema: Schema): Lookup[] {
  const {kind, locks, equals, lists, relations, aggregate} = family.shape
  const main = relations[0] ? schema.tableOf(relations[0]) : null
  if (kind !== 'select' || locks || !main || equals.length === 0) return []
  const columns = (column: Column) => schema.columnsOf(column, relations)
  // A batch that is limited to one tenant is still a batch.
  if (lists.flatMap(columns).some(column => identifies(column, schema))) return []
  return equals.flatMap(columns).flatMap(column => readings(column, {family, main, schema}, aggregate !== null))
}

const identifies = (column: KeyColumn, schema: Schema): boolean =>
  schema.isKey(column) || schema.referencesFrom(column).length > 0

type Subject = {family: Family; main: TableColumns; schema: Schema}

function readings(column: KeyColumn, {family, main, schema}: Subject, isAggregate: boolean): Lookup[] {
  const table = {schema: main.schema, table: main.name}
  const isMain = sameTable(column, table)
  const backwards = schema.referencesFrom(column).map((reference): Lookup => {
    const onward = isMain ? null : onwardFrom(column, table, family, schema)
    const kind = isAggregate ? 'agg' : onward ? 'm2m' : 'fk'
    return {kind, family, subject: column, key: reference.to, by: 'key', reference, onward}
  })
  if (!schema.isKey(column)) return backwards
  if (isMain) {
    const kind = isAggregate ? 'agg' : 'pk'
    return [{kind, family, subject: column, key: column, by: 'reference', reference: null, onward: null}, ...backwards]
  }
  // TypeORM's lazy relation: the author of a book, by the key of the book.
  const subject = joinColumn(table, family, schema)
  const kind = isAggregate ? 'agg' : 'pk'
  return subject
    ? [{kind, family, subject, key: column, by: 'key', reference: null, onward: null}, ...backwards]
    : backwards
}

/** The link table's reference to the rows that are returned. */
function onwardFrom(
  link: KeyColumn,
  main: Omit<KeyColumn, 'column'>,
  family: Family,
  schema: Schema,
): Reference | null {
  for (const pair of joinsOf(family, schema)) {
    const from = pair.find(column => sameTable(column, link) && column.column !== link.column)
    const to = pair.find(column => sameTable(column, main))
    const reference = from && to && schema.referencesFrom(from).find(each => keyOf(each.to) === keyOf(to))
    if (reference) return reference
  }
  return null
}

/** The column of the main table by which it is joined. */
function joinColumn(main: Omit<KeyColumn, 'column'>, family: Family, schema: Schema): KeyColumn | null {
  for (const pair of joinsOf(family, schema)) {
    const own = pair.find(column => sameTable(column, main))
    if (own && pair.some(column => !sameTable(column, main))) return own
  }
  return null
}

const joinsOf = ({shape}: Family, schema: Schema): KeyColumn[][] =>
  shape.joins.map(pair => pair.flatMap(column => schema.columnsOf(column, shape.relations)))
