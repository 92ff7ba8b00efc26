import {quotedElement} from './array.js'
import {type Column, columnOf} from './catalog.js'
import {containedOf, identifyingField, unseen} from './documents.js'
import type {ParameterUse} from './reference.js'

/** A value that a parameter may have; `weight`: the share of the calls. The rare ones come first. */
export type Sample = {value: string; weight: number}

/** A list whose length pg_stat_statements does not tell. */
export const LIST_LENGTH = 5
/** Where a value is that much more common than the others, the plan for it is one of its own. */
const SKEW = 4
const MIN_ROWS = 100
/** Up to so many distinct values they are states; people ask for the rare ones more often than their share. */
const MAX_STATES = 20
/** What there is much of is asked for often: by the share of its rows, within these bounds. */
const MIN_HOT = 0.2
const MAX_HOT = 0.5

export const columnFor = ({reference, column}: ParameterUse): Column | undefined =>
  reference && column !== null ? columnOf(reference.table, column) : undefined

const one = (value: string | null): Sample[] => (value === null ? [] : [{value, weight: 1}])

/** Values for a parameter that is compared with a column; none: nothing is known of it. */
export function samplesOf(use: ParameterUse, uses: readonly ParameterUse[]): Sample[] {
  const column = columnFor(use)
  if (!column) return []
  const typical = typicalValue(column, use.position)
  switch (use.role) {
    case 'equal':
    case 'list':
      return withHot(use, column, typical, column.common[use.position]?.value ?? typical)
    case 'array': {
      const positions = Array.from({length: LIST_LENGTH}, (_, at) => at)
      const hot = positions.map(at => column.common[at]?.value ?? typicalValue(column, at))
      return withHot(use, column, arrayOf(positions.map(at => typicalValue(column, at))), arrayOf(hot))
    }
    case 'prefix':
      return patterns(typical, text => [`${text.slice(0, 4)}%`, `%${text.slice(2, 7)}%`])
    case 'infix':
      return patterns(typical, text => [`%${unseen(text)}%`, `%${text.slice(2, 7)}%`])
    case 'contains':
      return one(containedOf(column))
    case 'field':
      return one(identifyingField(column))
    case 'lower':
    case 'upper':
      return boundsOf(column, use, uses)
    default:
      return []
  }
}

/** The typical value, and where one stands out that too. */
function withHot({reference}: ParameterUse, column: Column, typical: string | null, hot: string | null): Sample[] {
  const {common, nullFraction, distinct} = column
  const [first] = common
  if (typical === null || hot === null || hot === typical || !first) return one(typical)
  const rest = (1 - nullFraction - first.share) / Math.max(1, (distinct ?? 1) - 1)
  if (first.share <= SKEW * rest || first.share * (reference?.table.rows ?? 0) < MIN_ROWS) return one(typical)
  const isState = (distinct ?? 0) <= MAX_STATES
  const share = isState ? first.share : common.reduce((sum, each) => sum + each.share, 0)
  const weight = Math.min(MAX_HOT, Math.max(MIN_HOT, share))
  return [
    {value: typical, weight: 1 - weight},
    {value: hot, weight},
  ]
}

/** From the middle of the histogram; of a column with few values the one in the middle by their number. */
function typicalValue({histogram, common}: Column, position: number): string | null {
  if (histogram.length > 1) return histogram[(Math.floor(histogram.length / 2) + position * 7) % histogram.length]!
  return common.length > 0 ? common[(Math.floor(common.length / 2) + position) % common.length]!.value : null
}

function arrayOf(values: readonly (string | null)[]): string | null {
  const found = [...new Set(values.filter(value => value !== null))]
  return found.length > 0 ? `{${found.map(quotedElement).join(',')}}` : null
}

/** A pattern from a value of the column finds what the sample knows; half of the searches are for something else. */
function patterns(value: string | null, make: (text: string) => [string, string]): Sample[] {
  const text = value?.replaceAll(/[%_\\]/g, '')
  if (!text) return []
  return make(text).map(each => ({value: each, weight: 0.5}))
}

const inOrder = (values: readonly string[]) =>
  [...values].sort((a, b) => (Number.isFinite(Number(a)) ? Number(a) - Number(b) : a < b ? -1 : 1))

const isTime = ({type}: Column) => type.startsWith('timestamp') || type === 'date'

/** Where the ends of ranges lie in the sorted values, and for how many of the calls. */
const CLOSED = {lower: 0.8, upper: 0.85}
const NEWEST: Place[] = [
  [0.95, 0.7],
  [0.5, 0.3],
]
const OLD: Place[] = [[0.1, 1]]
const OLD_OR_ALL: Place[] = [
  [0.1, 0.5],
  [0.9, 0.5],
]
const NEARLY_ALL: Place[] = [
  [0.1, 0.2],
  [0.9, 0.8],
]
type Place = [place: number, weight: number]

/** A write is for the old ones, a list may begin with them, and a sum is of all until some day. */
const untilOf = (reference: ParameterUse['reference']) =>
  reference?.isTarget ? OLD : reference?.isLimited ? OLD_OR_ALL : NEARLY_ALL

/** Of times people ask for the newest, of other things for the middle. */
function boundsOf(column: Column, use: ParameterUse, uses: readonly ParameterUse[]): Sample[] {
  const sorted = column.histogram.length > 1 ? column.histogram : inOrder(column.common.map(({value}) => value))
  if (sorted.length === 0) return []
  const at = (share: number) => sorted[Math.floor((sorted.length - 1) * share)]!
  const role = use.role as 'lower' | 'upper'
  const isOther = (each: ParameterUse) =>
    each.role === (role === 'lower' ? 'upper' : 'lower') &&
    each.column === use.column &&
    each.reference === use.reference
  const other = uses.find(isOther)
  // `>= $1 AND < $1 + interval`: both ends stand for one and the same time.
  if (other) return one(at(use.part === 'shifted' ? CLOSED[other.role as typeof role] : CLOSED[role]))
  if (!isTime(column)) return one(at(0.5))
  const places = role === 'lower' ? NEWEST : untilOf(use.reference)
  return places.map(([place, weight]) => ({value: at(place), weight}))
}
