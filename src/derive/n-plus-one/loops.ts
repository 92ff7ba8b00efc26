import type {StatementSamples} from '../../snapshot.js'
import type {Family} from './families.js'
import {type Baseline, explain, type Match, type Term, type Tolerance} from './identity.js'
import type {Lookup} from './lookups.js'
import type {Parent} from './parents.js'
import {groupBy, type Schema} from './references.js'
import {type WindowLimits, windowLoops} from './windows.js'
import {type Candidate, candidatesOf, type Workload} from './workload.js'

/** A look-up whose calls are the rows of its parents. */
export type Loop = {
  lookup: Lookup
  parents: Parent[]
  baseline: Baseline | null
  /** calls for each call of what the loops begin with */
  fanOut: number
  rootCalls: number
  deviation: number
  chance: number
  /** chance is out of the question */
  isSure: boolean
  /** the loop in which the parent is called itself */
  outer: Loop | null
  /** every reference it rests on is a foreign key */
  isDeclared: boolean
  /** set when it was seen in the intervals of a window instead of the sums */
  window: Fit | null
}

/** How calls followed rows over the intervals of a window. */
export type Fit = {
  seconds: number
  intervals: number
  calls: number
  /** adjusted R squared */
  fit: number
  /** share of the calls, 0 to 1 */
  explained: number
  /** look-ups per row of the first parent */
  slope: number
}

export type Limits = {
  /** share of the calls, 0 to 1 */
  tolerance: number
  minFanOut: number
  minCalls: number
  /** sessions that have just sent this look-up when the counters were read */
  underWay: (lookup: Family) => number
  /** matches by chance in the whole workload that findings may rest on */
  chance: {one: number; two: number}
}

/** Loops by the sums since the counters began; with a window, of the other look-ups those that it shows. */
export function findLoops(
  workload: Workload,
  schema: Schema,
  limits: Limits,
  window: {samples: StatementSamples; limits: WindowLimits} | null = null,
): Loop[] {
  const candidates = candidatesOf(workload, schema, limits.minCalls)
  const {loopOf, outerOf} = solver(candidates, workload.baselines, limits)
  const found = candidates.flatMap(({family}) => loopOf(family) ?? [])
  if (!window) return found
  const rest = candidates.filter(({family}) => loopOf(family) === null)
  const outerOfParent = ({family}: Parent) => outerOf(family)
  return [...found, ...windowLoops(rest, workload, window.samples, window.limits, outerOfParent)]
}

/** Loops depend on loops: whether a parent of one row is a page of its own or a step of a loop decides the fan-out. */
function solver(candidates: readonly Candidate[], baselines: Baseline[], limits: Limits) {
  const byQueryid = new Map(candidates.flatMap(each => each.family.queryids.map(id => [id, each] as const)))
  const known = new Map<Family, Loop | null>()
  const tolerance = toleranceOf(candidates.length, limits)

  /** The loop in which this statement is called, if it is the one that made most of the family's calls. */
  const outerOf = (family: Family): Loop | null => {
    const inner = family.queryids.map(id => byQueryid.get(id)).find(each => each !== undefined)
    return inner && inner.family.calls >= 0.9 * family.calls ? loopOf(inner.family) : null
  }
  const underWayOf = underWayIn(candidates, limits)
  const termOf = (parents: Parent[]): Term => {
    const rows = total(parents, 'rows')
    const rootCalls = parents.reduce((all, {family}) => all + (outerOf(family)?.rootCalls ?? family.calls), 0)
    return {parents, rows, rootCalls, fanOut: rows / Math.max(1, rootCalls), underWay: underWayOf(parents)}
  }
  const loopOf = (family: Family): Loop | null => {
    const seen = known.get(family)
    if (seen !== undefined) return seen
    // A statement that leads back to itself (a tree) is no loop of its own.
    known.set(family, null)
    const candidate = byQueryid.get(family.queryids[0]!)
    const loops = (candidate?.readings ?? []).flatMap(({lookup, parents}) => {
      const terms = [...parents.map(parent => termOf([parent])), ...alike(parents).map(termOf)]
      const match = explain(family.calls, terms, baselines.filter(isOther(family)), tolerance)
      return match ? [loopFrom(lookup, match, outerOf)] : []
    })
    const loop = loops.sort(byStrength)[0] ?? null
    known.set(family, loop)
    return loop
  }
  return {loopOf, outerOf}
}

/** One session that happens to have asked last is no sign of a loop. */
const SEVERAL = 2

/** Sessions at any look-up that is made for rows of these parents: a loop has several, and is at one of them. */
function underWayIn(candidates: readonly Candidate[], {underWay}: Limits): (parents: readonly Parent[]) => number {
  const sessions = new Map<Family, number>()
  for (const {family, readings} of candidates) {
    const count = underWay(family)
    const parents = new Set(count > 0 ? readings.flatMap(each => each.parents.map(parent => parent.family)) : [])
    for (const parent of parents) sessions.set(parent, (sessions.get(parent) ?? 0) + count)
  }
  return parents => {
    const count = Math.max(...parents.map(({family}) => sessions.get(family) ?? 0))
    return count >= SEVERAL ? count : 0
  }
}

const isOther = (family: Family) => (baseline: Baseline) => !baseline.queryids.some(id => family.queryids.includes(id))

/** The more look-ups are asked about, the rarer a match by chance must be for each. */
function toleranceOf(candidates: number, {tolerance, minFanOut, chance}: Limits): Tolerance {
  const each = (inAll: number) => Math.min(inAll / MIN_CANDIDATES, inAll / Math.max(1, candidates))
  return {share: tolerance, minFanOut, chance: {one: each(chance.one), two: each(chance.two)}}
}

/** With fewer look-ups than these, each is still held to what is allowed for one of so many. */
const MIN_CANDIDATES = 10

/** Parents that return the same columns: one list with filters that come and go. */
function alike(parents: readonly Parent[]): Parent[][] {
  const columns = ({family}: Parent) =>
    family.shape.targets.map(({relation, name}) => `${relation?.schema} ${relation?.name} ${name}`).join('\n')
  return [...groupBy(parents, columns).values()].filter(group => group.length > 1)
}

function loopFrom(lookup: Lookup, match: Match, outerOf: (family: Family) => Loop | null): Loop {
  const {terms, baseline, deviation, chance, isSure} = match
  const parents = terms
    .flatMap(term => term.parents)
    .sort((a, b) => b.family.rows - a.family.rows || (a.family.text < b.family.text ? -1 : 1))
  const outer = outerOf(parents[0]!.family)
  const rootCalls = terms.reduce((all, term) => all + term.rootCalls, 0)
  const references = [lookup.reference, lookup.onward, ...parents.map(({reference}) => reference)]
  return {
    lookup,
    parents,
    baseline,
    fanOut: total(parents, 'rows') / Math.max(1, rootCalls),
    rootCalls,
    deviation,
    chance,
    isSure,
    outer,
    isDeclared: references.every(reference => reference?.isDeclared !== false) && outer?.isDeclared !== false,
    window: null,
  }
}

const total = (parents: readonly Parent[], what: 'rows' | 'calls') =>
  parents.reduce((all, {family}) => all + family[what], 0)

/** The reading that fits best: by one parent, by foreign keys, by the smaller deviation. */
const byStrength = (a: Loop, b: Loop) =>
  Number(a.baseline !== null) - Number(b.baseline !== null) ||
  a.parents.length - b.parents.length ||
  Number(b.isDeclared) - Number(a.isDeclared) ||
  Math.abs(a.deviation) - Math.abs(b.deviation)
