import {columnOf} from './catalog.js'
import type {Bound} from './scope.js'

/** A test without parameters. */
export type Test =
  | {kind: 'flag'; isTrue: boolean}
  | {kind: 'null'; isNull: boolean}
  | {kind: '=' | '<>'; values: string[]}

/** Beyond that many values a constant in the text is one of many. */
const MAX_VALUES = 20

/** The share of a table's rows that pass a test, by the most common values; null: they do not tell. */
export function filterShare({reference, column: name}: Bound, test: Test): number | null {
  const column = columnOf(reference.table, name)
  if (!column || column.distinct === null) return null
  if (test.kind === 'null') return test.isNull ? column.nullFraction : 1 - column.nullFraction
  const shareOf = (value: string) => column.common.find(each => each.value === value)?.share
  if (test.kind === 'flag') return shareOf(test.isTrue ? 't' : 'f') ?? (column.common.length > 0 ? 0 : null)
  if (column.distinct > MAX_VALUES || column.common.length === 0) return null
  const sum = test.values.reduce((all, value) => all + (shareOf(value) ?? 0), 0)
  return test.kind === '=' ? sum : Math.max(0, 1 - column.nullFraction - sum)
}
