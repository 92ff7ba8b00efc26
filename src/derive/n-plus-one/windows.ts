import type {StatementSamples} from '../../snapshot.js'
import type {Family} from './families.js'
import type {Fit, Loop} from './loops.js'
import {boundedLeastSquares, spread, squaredError, type Term} from './nnls.js'
import type {Parent} from './parents.js'
import type {Candidate, Workload} from './workload.js'

export type WindowLimits = {
  minIntervals: number
  /** R squared, adjusted for the number of statements in the fit */
  fit: number
  /** look-ups per row of the parent, at most */
  maxSlope: number
  minFanOut: number
  /** share of the calls in the window that the parents must explain, 0 to 1 */
  share: number
  minCalls: number
}

/** Statements in one fit: with ten intervals more would fit anything. */
const MOST_PARENTS = 2

/** What comes once per request explains one call of it; a loop needs more. */
const ONCE = 1

/** Without its parents, a fit must be this many times worse, and no good one: else the look-up comes with the load. */
const WORSE = 3

/**
 * Loops that the sums cannot show: rows that were not looked at, look-ups that were spared, other callers. Over the
 * intervals of a window the calls rise and fall with the rows of the parents, and not only with the load as a whole.
 */
export function windowLoops(
  candidates: readonly Candidate[],
  workload: Workload,
  samples: StatementSamples,
  limits: WindowLimits,
  outerOf: (parent: Parent) => Loop | null,
): Loop[] {
  const intervals = samples.at.length - 1
  if (samples.wasReset || intervals < limits.minIntervals) return []
  const counted = new Map(samples.statements.map(each => [each.queryid, each]))
  const sum = (queryids: readonly string[], what: 'calls' | 'rows'): number[] =>
    Array.from({length: intervals}, (_, at) =>
      queryids.reduce((all, id) => all + (counted.get(id)?.[what][at] ?? 0), 0),
    )
  const perRequest = workload.baselines.map(({queryids}) => ({values: sum(queryids, 'calls'), most: ONCE}))
  /** All statements but those that may be looked up in the same loops. */
  const loadBeside = (family: Family, near: readonly Regressor[]): Term => {
    const parents = new Set(near.map(({parent}) => parent.family))
    const inLoop = candidates.filter(({readings}) =>
      readings.some(each => each.parents.some(p => parents.has(p.family))),
    )
    const beside = new Set([family, ...inLoop.map(each => each.family)].flatMap(each => each.queryids))
    const rest = samples.statements.map(({queryid}) => queryid).filter(id => !beside.has(id))
    return {values: sum(rest, 'calls'), most: ONCE}
  }
  const seconds = samples.at.at(-1)! - samples.at[0]!

  const fitOf = ({family, readings}: Candidate): Loop[] => {
    const y = sum(family.queryids, 'calls')
    if (total(y) < limits.minCalls) return []
    return readings.flatMap(({lookup, parents}) => {
      const near = nearest(parents, y, parent => sum(parent.family.queryids, 'rows'))
      const found = regress(y, near, [loadBeside(family, near), ...perRequest], limits, outerOf)
      if (!found) return []
      const isDeclared =
        found.isDeclared && lookup.reference?.isDeclared !== false && lookup.onward?.isDeclared !== false
      return [{...found, lookup, isDeclared, window: {...found.window, seconds}}]
    })
  }
  return candidates.flatMap(candidate => fitOf(candidate).sort((a, b) => b.window!.fit - a.window!.fit)[0] ?? [])
}

type Regressor = {parent: Parent; rows: number[]}

const termOf = ({rows}: Regressor): Term => ({values: rows, most: Number.POSITIVE_INFINITY})

const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0)

/** The parents whose rows alone fit best. */
function nearest(parents: readonly Parent[], y: readonly number[], rowsOf: (parent: Parent) => number[]): Regressor[] {
  const errorOf = (each: Regressor) => squaredError([termOf(each)], boundedLeastSquares([termOf(each)], y), y)
  return parents
    .map(parent => ({parent, rows: rowsOf(parent)}))
    .filter(({rows}) => total(rows) > 0)
    .map(each => ({each, error: errorOf(each)}))
    .sort((a, b) => a.error - b.error || (a.each.parent.family.text < b.each.parent.family.text ? -1 : 1))
    .slice(0, MOST_PARENTS)
    .map(({each}) => each)
}

function regress(
  y: readonly number[],
  regressors: readonly Regressor[],
  others: readonly Term[],
  limits: WindowLimits,
  outerOf: (parent: Parent) => Loop | null,
): (Omit<Loop, 'lookup' | 'window'> & {window: Omit<Fit, 'seconds'>}) | null {
  const rows = regressors.map(termOf)
  if (rows.length === 0 || spread(y) === 0) return null
  const slopes = boundedLeastSquares([...rows, ...others], y)
  const error = squaredError([...rows, ...others], slopes, y)
  const used = slopes.filter(slope => slope > 0).length
  const fit = 1 - (error / spread(y)) * ((y.length - 1) / Math.max(1, y.length - used))
  const without = squaredError(others, boundedLeastSquares(others, y), y)
  const loops = regressors
    .map(({parent, rows: each}, at) => ({
      parent,
      slope: slopes[at]!,
      explained: slopes[at]! * total(each),
      ...rootOf(parent, outerOf),
    }))
    .filter(({slope, fanOut}) => slope <= limits.maxSlope && slope * fanOut >= limits.minFanOut)
  const explained = total(loops.map(each => each.explained)) / total(y)
  const isLoad = without < WORSE * error || 1 - without / spread(y) >= limits.fit
  if (fit < limits.fit || explained < limits.share || isLoad) return null
  const [first] = loops.sort((a, b) => b.explained - a.explained)
  const outer = outerOf(first!.parent)
  return {
    parents: loops.map(({parent}) => parent),
    baseline: null,
    fanOut:
      total(loops.map(({slope, fanOut, rootCalls}) => slope * fanOut * rootCalls)) /
      total(loops.map(each => each.rootCalls)),
    rootCalls: total(loops.map(each => each.rootCalls)),
    deviation: 0,
    chance: 0,
    isSure: false,
    outer,
    isDeclared: loops.every(({parent}) => parent.reference?.isDeclared !== false) && outer?.isDeclared !== false,
    window: {intervals: y.length, calls: total(y), fit, explained, slope: first!.slope},
  }
}

/** By the sums since the counters began: rows for each call of what the loops begin with. */
function rootOf(parent: Parent, outerOf: (parent: Parent) => Loop | null): {fanOut: number; rootCalls: number} {
  const rootCalls = Math.max(1, outerOf(parent)?.rootCalls ?? parent.family.calls)
  return {fanOut: parent.family.rows / rootCalls, rootCalls}
}
