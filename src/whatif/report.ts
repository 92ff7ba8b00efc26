import type {Snapshot} from '../snapshot.js'
import type {AskedSetting} from './asked.js'
import type {Changed, Comparison, Totals} from './comparison.js'
import type {PlanNode} from './planner.js'

/** What was asked, with what is known of it. */
export type AskedChanges = {
  settings: AskedSetting[]
  indexes: {
    name: string
    definition: string
    bytes: number /** percent of the workload's cost */
    writePercent: number
  }[]
  dropped: {name: string; bytes: number}[]
}

export type ChangedStatement = {
  id: string
  text: string
  calls: number
  /** percent of the workload's cost today */
  share: number
  /** the planner's cost of one call: today, and with the change */
  before: number
  after: number
  /** today's plan by the new prices; null: not known, or the prices stay */
  oldPlanByNewPrices: number | null
  /** the new plan by today's prices */
  newPlanByTodaysPrices: number | null
  verdict: 'cheaper' | 'dearer' | 'same' | 'unknown'
  differences: string[]
  plans: {before: PlanNode; after: PlanNode} | null
}

export type WhatifReport = {
  format: 'ahsp-db/whatif'
  version: 1
  tool: string
  target: Snapshot['target']
  headline: string
  planner: string
  asked: AskedChanges
  /** false: the change makes a unit of cost another one, so that before and after cannot be compared */
  isComparable: boolean
  /** weighted cost, by the planner's units */
  before: number
  after: number
  /** what the new plans cost, today's being 1: by one measure; null: not known */
  ratio: number | null
  /** the same by today's prices, where the change is one of prices */
  ratioByTodaysPrices: number | null
  /** statements that are not in the ratio, because the cost of their old plan is not known; then of their new plan */
  leftOut: number
  leftOutByTodaysPrices: number
  statements: number
  changed: ChangedStatement[]
  /** what cannot be planned any more */
  broken: {id: string; text: string; calls: number; reason: string}[]
  unplannable: {id: string; text: string; calls: number; reason: string}[]
  notes: string[]
}

type Origin = {snapshot: Snapshot; planner: string; asked: AskedChanges; notes: string[]; withPlans: boolean}

/** A change of less is the planner's rounding. */
const NOTICEABLE = 0.005

/** The answer, the statements with the largest effect first. Pure. */
export function whatifReport(comparison: Comparison, origin: Origin): WhatifReport {
  const {snapshot, planner, asked, notes, withPlans} = origin
  const {statements, before, after, repriced} = comparison
  const changed = comparison.changed
    .map(each => changedOf(each, comparison, withPlans))
    .sort((a, b) => effectOf(b) - effectOf(a) || b.share - a.share || a.id.localeCompare(b.id))
  const answer = {
    isComparable: repriced === null,
    before,
    after,
    ratio: repriced ? ratioOf(repriced.byNew, changed.length) : before > 0 ? after / before : null,
    ratioByTodaysPrices: repriced && ratioOf(repriced.byToday, changed.length),
    leftOut: repriced?.byNew.left ?? 0,
    leftOutByTodaysPrices: repriced?.byToday.left ?? 0,
    statements,
    changed,
    broken: comparison.broken.map(refusedOf),
  }
  return {
    ...{format: 'ahsp-db/whatif', version: 1, tool: snapshot.tool, target: snapshot.target},
    headline: headlineOf(answer),
    ...{planner, asked, ...answer, unplannable: comparison.unplannable.map(refusedOf), notes},
  }
}

/** null: not one of the plans that change is known by both. */
const ratioOf = ({oldPlans, newPlans, left}: Totals, changed: number) =>
  oldPlans > 0 && (left === 0 || left < changed) ? newPlans / oldPlans : null

const refusedOf = ({statement: {id, sql, calls}, reason}: Comparison['broken'][number]) => ({
  id,
  text: sql,
  calls,
  reason,
})

function changedOf(each: Changed, {before: whole, repriced}: Comparison, withPlans: boolean): ChangedStatement {
  const {statement, before, after, oldPlanThen, newPlanNow, differences, plans} = each
  const from = repriced ? oldPlanThen : before
  return {
    id: statement.id,
    text: statement.sql,
    calls: statement.calls,
    share: whole > 0 ? (before * statement.calls * 100) / whole : 0,
    before,
    after,
    oldPlanByNewPrices: oldPlanThen,
    newPlanByTodaysPrices: newPlanNow,
    verdict: from === null ? 'unknown' : verdictOf(from, after),
    differences,
    plans: withPlans ? plans : null,
  }
}

function verdictOf(from: number, to: number): 'cheaper' | 'dearer' | 'same' {
  if (Math.abs(to - from) <= NOTICEABLE * from) return 'same'
  return to < from ? 'cheaper' : 'dearer'
}

const effectOf = ({calls, before, after, oldPlanByNewPrices}: ChangedStatement) =>
  Math.abs((oldPlanByNewPrices ?? before) - after) * calls

const percentless = (ratio: number) => String(Number(ratio.toPrecision(ratio < 0.1 ? 1 : 2)))

type Answer = Pick<WhatifReport, 'isComparable' | 'ratio' | 'leftOut' | 'statements' | 'changed' | 'broken'>

function headlineOf({isComparable, ratio, leftOut, statements, changed, broken}: Answer): string {
  if (statements + broken.length === 0) return 'CANNOT TELL: none of the statements can be planned'
  const fails = broken.length > 0 ? `; ${countOf(broken.length, 'statement')} would FAIL` : ''
  if (changed.length === 0) {
    const sum = isComparable && ratio !== null && Math.abs(ratio - 1) > NOTICEABLE ? `, cost ${movesTo(ratio)}` : ''
    return `NO PLAN CHANGES: ${countOf(statements, 'statement')} planned${sum}${fails}`
  }
  const many = `${changed.length} of ${countOf(statements, 'plan')} ${changed.length === 1 ? 'changes' : 'change'}`
  const dearer = changed.filter(({verdict}) => verdict === 'dearer').length
  const worse =
    dearer > 0
      ? `, ${dearer} ${dearer === 1 ? 'becomes' : 'become'} dearer`
      : isComparable
        ? ', none becomes dearer'
        : ''
  if (isComparable) return `THE WORKLOAD'S ESTIMATED COST ${movesTo(ratio ?? 1).toUpperCase()}: ${many}${worse}${fails}`
  const priced =
    ratio === null || leftOut > 0
      ? ''
      : `: by the new prices the workload costs ${percentless(ratio)} of what it would with today's plans`
  return `${many.toUpperCase()}${priced}${worse}${fails}`
}

function movesTo(ratio: number): string {
  if (Math.abs(ratio - 1) <= NOTICEABLE) return "stays at today's"
  return `${ratio < 1 ? 'falls' : 'rises'} to ${percentless(ratio)} of today's`
}

const countOf = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : 's'}`
