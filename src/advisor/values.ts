import {quoteLiteral} from '../sql/quote.js'
import type {ParameterUse} from './reference.js'
import {columnFor, LIST_LENGTH, type Sample, samplesOf} from './samples.js'

/** A statement with values in place of the parameters whose meaning is known; `weight`: the share of its calls. */
export type Variant = {sql: string; weight: number}

/** `rowsPerCall`: returned, if known. `rest`: for parameters of which nothing is known; null: they stay. */
export type VariantOptions = {rowsPerCall?: number | null; rest?: string | null}

const LIMIT = 20
const INTERVAL = '7 days'
const OF_UNIT: Record<string, string> = {year: '1', month: '2', day: '30', hour: '24', minute: '60', second: '60'}
/** Each is planned for every set of indexes. */
const MAX_VARIANTS = 3

/**
 * A statement as it is really asked: with a typical value of each column, and where one value stands out, with that too.
 * Parameters that are compared with nothing known stay; with these the plan is generic.
 */
export function variantsOf(sql: string, parameters: readonly ParameterUse[], options: VariantOptions = {}): Variant[] {
  const known = [...new Map([...parameters].reverse().map(use => [use.number, use])).values()]
  const uses = new Map(known.map(use => [use.number, use]))
  const lists = known.map(use => samplesOf(use, known)).filter(samples => samples.length > 1)
  const found = scenariosOf(lists).map(({at, weight}) => ({
    sql: substitute(sql, uses, use => literal(use, known, at, options), options.rest ?? null),
    weight,
  }))
  const weights = new Map<string, number>()
  for (const {sql: text, weight} of found) weights.set(text, (weights.get(text) ?? 0) + weight)
  return [...weights].map(([text, weight]) => ({sql: text, weight})).sort((a, b) => b.weight - a.weight)
}

/** What is common goes with what is common: each of the scenarios is a place in all lists of samples at once. */
function scenariosOf(lists: readonly Sample[][]): {at: number; weight: number}[] {
  const ends = new Set([1])
  for (const samples of lists) {
    let sum = 0
    for (const {weight} of samples.slice(0, -1)) {
      sum += weight
      ends.add(Number(sum.toFixed(3)))
    }
  }
  const sorted = [...ends].sort((a, b) => a - b)
  while (sorted.length > MAX_VARIANTS) {
    const widths = sorted.slice(0, -1).map((end, at) => end - (sorted[at - 1] ?? 0))
    sorted.splice(widths.indexOf(Math.min(...widths)), 1)
  }
  return sorted.map((end, at) => {
    const start = sorted[at - 1] ?? 0
    return {at: (start + end) / 2, weight: Number((end - start).toFixed(3))}
  })
}

function valueAt(samples: readonly Sample[], at: number): string | null {
  let sum = 0
  for (const {value, weight} of samples) {
    sum += weight
    if (at < sum) return value
  }
  return samples.at(-1)?.value ?? null
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
  rest: string | null,
): string {
  const left = new Map<string, number>()
  return sql.replaceAll(PARAMETER, (token, number: string | undefined, squashed: string | undefined) => {
    if (number === undefined) return token
    const use = uses.get(Number(number))
    const value = use ? textFor(use) : null
    if (use && value !== null) return squashed ? moreOf(use, textFor) : value
    if (rest !== null) return rest
    if (!left.has(number)) left.set(number, left.size + 1)
    return `$${left.get(number)}`
  })
}

const moreOf = (use: ParameterUse, textFor: (use: ParameterUse) => string | null) =>
  Array.from({length: LIST_LENGTH}, (_, position) => textFor({...use, position, role: 'list'})).join(', ')

/** SQL of a value for a parameter; null: nothing is known of its column. */
function literal(
  use: ParameterUse,
  known: readonly ParameterUse[],
  at: number,
  {rowsPerCall}: VariantOptions,
): string | null {
  if (use.role === 'limit') return String(limitFor(rowsPerCall ?? null))
  if (use.role === 'offset') return '0'
  if (use.role === 'number') return '1'
  if (use.role === 'interval') return quoteLiteral(OF_UNIT[use.unit ?? ''] ?? INTERVAL)
  const value = valueAt(samplesOf(use, known), at)
  if (value === null) return null
  // A bare text beside a number is read as that number's type.
  return use.part ? `${quoteLiteral(value)}::${columnFor(use)!.type}` : quoteLiteral(value)
}

/** No statement returns more rows than its limit; one that returns a single row each time has asked for it. */
function limitFor(rowsPerCall: number | null): number {
  if (rowsPerCall === null) return LIMIT
  if (rowsPerCall > 0.9 && rowsPerCall <= 1) return 1
  return Math.max(LIMIT, Math.ceil(rowsPerCall))
}
