import {quoteLiteral} from '../sql/quote.js'
import {type Column, columnOf} from './catalog.js'
import type {ParameterUse} from './reference.js'

/** A statement with values in place of the parameters whose meaning is known; `weight`: the share of its calls. */
export type Variant = {sql: string; weight: number}

/** A list whose length pg_stat_statements does not tell. */
const LIST_LENGTH = 5
const LIMIT = '20'
const INTERVAL = '7 days'
/** Where a value is that much more common than the others, the plan for it is one of its own. */
const SKEW = 4
/** People ask for rare things more often than their share of the rows. */
const MAX_COMMON = 0.5

/**
 * A statement as it is really asked: with a typical value of each column, and where one value stands out, with that too.
 * Parameters that are compared with nothing known stay; with these the plan is generic.
 */
export function variantsOf(sql: string, parameters: readonly ParameterUse[]): Variant[] {
  const uses = new Map(parameters.map(use => [use.number, use]))
  if (uses.size === 0) return [{sql, weight: 1}]
  const common = Math.max(0, ...[...uses.values()].map(commonShare))
  const typical = substitute(sql, uses, use => literal(use, false, uses))
  if (common === 0) return [{sql: typical, weight: 1}]
  const frequent = substitute(sql, uses, use => literal(use, true, uses))
  return [
    {sql: typical, weight: 1 - common},
    {sql: frequent, weight: common},
  ]
}

/**
 * What pg_stat_statements makes of `interval '1 day'` and of EXTRACT(year FROM x) is no SQL any more. Any field will do:
 * how rows are chosen hardly depends on it.
 */
export const repaired = (sql: string): string =>
  sql
    .replaceAll(/\b(interval|date|timestamptz|timestamp|time)\s+\$(\d+)/gi, '$$$2::$1')
    .replaceAll(/\bextract\s*\(\s*\$\d+\s+from\b/gi, "EXTRACT('year' FROM")

const PARAMETER = /'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(\d+)(\s*\/\*, \.\.\. \*\/)?/g

/** The parameters that are left are numbered anew: PREPARE wants them without gaps. */
function substitute(
  sql: string,
  uses: ReadonlyMap<number, ParameterUse>,
  textFor: (use: ParameterUse) => string | null,
): string {
  const left = new Map<string, number>()
  return sql.replaceAll(PARAMETER, (token, number: string | undefined, squashed: string | undefined) => {
    if (number === undefined) return token
    const use = uses.get(Number(number))
    const value = use ? textFor(use) : null
    if (use && value !== null) return squashed ? moreOf(use, textFor) : value
    if (!left.has(number)) left.set(number, left.size + 1)
    return `$${left.get(number)}`
  })
}

const moreOf = (use: ParameterUse, textFor: (use: ParameterUse) => string | null) =>
  Array.from({length: LIST_LENGTH}, (_, position) => textFor({...use, position, role: 'list'})).join(', ')

const columnFor = ({reference, column}: ParameterUse): Column | undefined =>
  reference && column !== null ? columnOf(reference.table, column) : undefined

/** The share of calls that ask for a value that stands out; 0: none does. */
function commonShare(use: ParameterUse): number {
  const column = columnFor(use)
  const first = column?.common[0]
  if (use.role !== 'equal' || !column || !first) return 0
  const rest = (1 - column.nullFraction - first.share) / Math.max(1, (column.distinct ?? 1) - 1)
  return first.share > SKEW * rest && first.share > 0.02 ? Math.min(MAX_COMMON, first.share) : 0
}

/** SQL of a value for a parameter; null: nothing is known of its column. */
function literal(use: ParameterUse, isCommon: boolean, uses: ReadonlyMap<number, ParameterUse>): string | null {
  if (use.role === 'limit') return LIMIT
  if (use.role === 'offset') return '0'
  if (use.role === 'interval') return quoteLiteral(INTERVAL)
  const column = columnFor(use)
  if (!column) return null
  const value = textFor(column, use, isCommon, uses)
  return value === null ? null : quoteLiteral(value)
}

function textFor(
  column: Column,
  use: ParameterUse,
  isCommon: boolean,
  uses: ReadonlyMap<number, ParameterUse>,
): string | null {
  const typical = typicalValue(column, use.position)
  if (use.role === 'equal') return isCommon ? (column.common[0]?.value ?? typical) : typical
  if (use.role === 'list') return typical
  if (use.role === 'array') return arrayOf(column)
  if (use.role === 'prefix') return typical && `${typical.slice(0, 4).replaceAll(/[%_\\]/g, '')}%`
  if (use.role === 'infix') return typical && `%${typical.slice(2, 7).replaceAll(/[%_\\]/g, '')}%`
  return boundOf(column, use, uses)
}

/** From the middle of the histogram; of a column with few values the one in the middle by their number. */
function typicalValue({histogram, common}: Column, position: number): string | null {
  if (histogram.length > 1) return histogram[(Math.floor(histogram.length / 2) + position * 7) % histogram.length]!
  return common.length > 0 ? common[(Math.floor(common.length / 2) + position) % common.length]!.value : null
}

function arrayOf(column: Column): string | null {
  const values = Array.from({length: LIST_LENGTH}, (_, position) => typicalValue(column, position))
  if (values[0] === null) return null
  const quoted = [...new Set(values)].map(value => `"${value!.replaceAll(/["\\]/g, '\\$&')}"`)
  return `{${quoted.join(',')}}`
}

const isTime = ({type}: Column) => type.startsWith('timestamp') || type === 'date'

/** Of times people ask for the newest, and old ones are removed; of other ranges the middle is taken. */
function boundOf(column: Column, use: ParameterUse, uses: ReadonlyMap<number, ParameterUse>): string | null {
  const sorted = column.histogram.length > 1 ? column.histogram : column.common.map(({value}) => value)
  if (sorted.length === 0) return null
  const other = use.role === 'lower' ? 'upper' : 'lower'
  const isClosed = [...uses.values()].some(
    each => each.role === other && each.column === use.column && each.reference === use.reference,
  )
  const open = isTime(column) ? (use.role === 'lower' ? 0.95 : 0.1) : 0.5
  const closed = use.role === 'lower' ? 0.9 : 0.95
  return sorted[Math.floor((sorted.length - 1) * (isClosed ? closed : open))]!
}
