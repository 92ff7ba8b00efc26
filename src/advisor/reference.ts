import type {Table} from './catalog.js'

/** What an index can be keyed by: a quoted column, or an expression in parentheses. */
export type Key = {sql: string /** names of the columns in it */; columns: string[]; isExpression: boolean}

export type OrderKey = Key & {descending: boolean; nullsFirst: boolean}

/** A part of a WHERE or ON that an index can serve. */
export type Term =
  | {kind: 'equal' | 'list' | 'range' | 'join'; key: Key}
  /** LIKE 'abc%' */
  | {kind: 'prefix'; key: Key}
  /** (a, b) < ($1, $2) */
  | {kind: 'keyset'; keys: OrderKey[]}
  /** LIKE '%abc%', ILIKE, regular expressions, similarity */
  | {kind: 'trigram'; key: Key}
  /** @>, &&, ?, @@ */
  | {kind: 'contains'; key: Key; operator: string}
  /** a test without parameters, which can be the predicate of a partial index; `share` of the rows, if known */
  | {kind: 'filter'; sql: string; column: string; share: number | null}

/** One table in one FROM of a statement, with all that decides how it can be read. */
export type Reference = {
  table: Table
  terms: Term[]
  /** the arms of each OR, where they are of this table alone */
  arms: Term[][]
  order: OrderKey[]
  isLimited: boolean
  group: Key[]
  /** of min() and max() over the whole */
  extremes: OrderKey[]
  /** columns that the statement reads anywhere */
  needed: Set<string>
  readsAll: boolean
  /** it is the target of an UPDATE or DELETE: the row itself is needed */
  isTarget: boolean
}

export type ParameterRole =
  | 'equal'
  | 'list'
  | 'array'
  | 'lower'
  | 'upper'
  | 'prefix'
  | 'infix'
  | 'contains'
  | 'field'
  | 'limit'
  | 'offset'
  | 'interval'
  | 'number'

/** Where a `$n` stands; several places of one parameter are several uses. */
export type ParameterUse = {
  number: number
  role: ParameterRole
  reference: Reference | null
  column: string | null
  /** of a list: which of its values */
  position: number
  /** in a sum or difference, where a value must say its type; `shifted` by an interval there */
  part?: 'operand' | 'shifted'
  /** of an interval, where the text names it: `interval $1 year` */
  unit?: string | null
}

/** A write that costs what indexes on the table cost. */
export type Write = {table: Table; kind: 'insert' | 'update' | 'delete' /** changed by an UPDATE */; columns: string[]}

export type StatementReferences = {
  references: Reference[]
  parameters: ParameterUse[]
  writes: Write[]
}

export const newReference = (table: Table, isTarget = false): Reference => ({
  table,
  terms: [],
  arms: [],
  order: [],
  isLimited: false,
  group: [],
  extremes: [],
  needed: new Set(),
  readsAll: false,
  isTarget,
})
