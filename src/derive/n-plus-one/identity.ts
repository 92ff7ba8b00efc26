import type {Parent} from './parents.js'

/** Rows that a loop may run over: of one statement, or of all that return the same columns. */
export type Term = {
  parents: Parent[]
  rows: number
  /** rows for each call of what the loops begin with */
  fanOut: number
  rootCalls: number
  /** loops over these rows that were not at their end when the counters were read */
  underWay: number
}

/** Calls that come with each request and are no loop's: a look-up of the same row that is made anyway. */
export type Baseline = {text: string; queryids: string[]; calls: number}

export type Match = {
  terms: Term[]
  baseline: Baseline | null
  /** calls that the loop's rows would make, less those that were counted */
  deviation: number
  /** how many such matches chance alone would give */
  chance: number
  isSure: boolean
}

export type Tolerance = {
  /** share of the calls */
  share: number
  minFanOut: number
  /** most matches by chance that a finding may have: of one parent, of two */
  chance: {one: number; two: number}
}

/** Around the calls, for telling how dense other sums lie: a match among many near misses proves nothing. */
const BAND = 0.25

/** The band's part of the decades over which counters are spread. */
const SPREAD = 0.05

/** A second parent that adds less than this share of the calls would only fit the rest. */
const MIN_SHARE = 0.02

/** Parents with a fan-out must explain this share of the calls; the rest may be pages of one row. */
const LOOPED_SHARE = 0.25

/** Pairs grow with the square. */
const MOST_TERMS = 60

/**
 * calls = rows of one parent; or of two, one of which may be a page of one row; or of one and the calls of a baseline:
 * the simplest that holds. Equal counters happen by chance, the more easily the more sums there are to choose from: what
 * chance alone would bring is estimated from the sums nearby, and limited.
 */
export function explain(
  calls: number,
  terms: readonly Term[],
  baselines: readonly Baseline[],
  tolerance: Tolerance,
): Match | null {
  const near = terms
    .filter(({rows}) => rows >= MIN_SHARE * calls && rows <= (1 + BAND) * calls)
    .sort((a, b) => b.rows - a.rows)
    .slice(0, MOST_TERMS)
  const isLoop = ({fanOut}: Term) => fanOut >= tolerance.minFanOut
  const isLooped = (chosen: readonly Term[]) => sum(chosen.filter(isLoop)) >= LOOPED_SHARE * calls
  const loops = terms.filter(isLoop).length
  const one = near.filter(term => isLooped([term])).map(term => ({terms: [term], baseline: null, total: term.rows}))
  const both = pairs(near, calls).filter(pair => isLooped(pair.terms))
  const begun = new Set(baselines.flatMap(({queryids}) => queryids))
  const beginsRequest = ({parents}: Term) => parents.every(({family}) => family.queryids.some(id => begun.has(id)))
  const {one: ofOne, two: ofTwo} = tolerance.chance
  // As often as requests begin: once for each of them explains it better than any sum.
  const isPerRequest = baselines.some(baseline => baseline.calls === calls)
  const single = best(calls, {sums: one, many: loops}, tolerance, ofOne)
  if (isPerRequest) return single && {...single, isSure: false}
  const once = both.filter(pair => pair.terms.some(beginsRequest))
  const looped = both.filter(pair => pair.terms.every(isLoop))
  return (
    single ??
    best(calls, {sums: once, many: loops * terms.filter(beginsRequest).length}, tolerance, ofTwo) ??
    best(calls, {sums: looped, many: (loops * (loops - 1)) / 2}, tolerance, ofTwo) ??
    best(calls, {sums: both, many: loops * (terms.length - 1)}, tolerance, ofTwo) ??
    best(calls, {sums: withBaseline(one, baselines, calls), many: loops * baselines.length}, tolerance, ofTwo)
  )
}

type Sum = {terms: Term[]; baseline: Baseline | null; total: number}

/** All sums that could have been asked about, and those of them that are near. */
type Choices = {many: number; sums: Sum[]}

const withBaseline = (sums: readonly Sum[], baselines: readonly Baseline[], calls: number): Sum[] =>
  baselines
    .filter(baseline => baseline.calls >= MIN_SHARE * calls)
    .flatMap(baseline => sums.map(({terms, total}) => ({terms, baseline, total: total + baseline.calls})))
    .filter(({total}) => isNear(total, calls))

const isNear = (total: number, calls: number) => Math.abs(total - calls) <= BAND * calls

function pairs(near: readonly Term[], calls: number): Sum[] {
  const found: Sum[] = []
  for (const [at, a] of near.entries()) {
    for (let other = at + 1; other < near.length; other++) {
      const b = near[other]!
      const total = a.rows + b.rows
      if (isNear(total, calls) && !overlap(a, b)) found.push({terms: [a, b], baseline: null, total})
    }
  }
  return found
}

const overlap = (a: Term, b: Term) => a.parents.some(({family}) => b.parents.some(other => other.family === family))

function best(calls: number, {many, sums}: Choices, tolerance: Tolerance, mostByChance: number): Match | null {
  const allowed = (deviation: number, {terms}: Sum) => {
    // Large lists take longest, so they are met more often than their number says.
    const late = Math.max(...terms.map(({fanOut, underWay}) => 2 * underWay * fanOut))
    return -deviation <= tolerance.share * calls && deviation <= Math.max(tolerance.share * calls, late)
  }
  const fitting = sums.filter(each => allowed(each.total - calls, each))
  const [first] = fitting.sort(
    (a, b) => Math.abs(a.total - calls) - Math.abs(b.total - calls) || directFanOut(b) - directFanOut(a) || order(a, b),
  )
  if (!first) return null
  const deviation = first.total - calls
  const others = sums.filter(({total}) => isNear(total, calls) && !isTwin(total, first.total)).length
  // Where none is near, about as many as if all were spread over some decades.
  const density = (others + Math.min(0.5, SPREAD * many)) / (BAND * calls)
  // What is left over by loops under way is a few pages' worth, however large the counters.
  const isFew =
    Math.abs(deviation) <= Math.max(...first.terms.map(({fanOut, underWay}) => Math.max(1, 2 * underWay) * fanOut))
  const isSum = first.terms.length > 1 || first.baseline !== null
  // A sum of two that is not exact proves nothing.
  if (isSum && !isFew) return null
  const chance = density * Math.max(Math.abs(deviation), 0.5) * (isFew ? 1 : UNLIKELY)
  return chance <= mostByChance
    ? {
        terms: first.terms,
        baseline: first.baseline,
        deviation,
        chance,
        isSure: chance <= mostByChance / (isSum ? SURE.two : SURE.one),
      }
    : null
}

const UNLIKELY = 3

/** How much rarer than allowed a match by chance must be, to be called sure. */
const SURE = {one: 12, two: 20}

/** The same number again is no second chance: statements of one loop have it by nature. */
const isTwin = (a: number, b: number) => Math.abs(a - b) <= 0.005 * b

/** A look-up in the same loop has as many rows, but the list is what the loop runs over. */
const directFanOut = ({terms}: Sum) => Math.min(...terms.flatMap(({parents}) => parents.map(rowsPerCall)))

export const rowsPerCall = ({family}: Parent) => family.rows / Math.max(1, family.calls)

const textOf = ({terms}: Sum) => terms.map(({parents}) => parents.map(({family}) => family.text).join()).join()
const order = (a: Sum, b: Sum) =>
  a.terms.flatMap(t => t.parents).length - b.terms.flatMap(t => t.parents).length || (textOf(a) < textOf(b) ? -1 : 1)

const sum = (terms: readonly Term[]) => terms.reduce((total, {rows}) => total + rows, 0)
