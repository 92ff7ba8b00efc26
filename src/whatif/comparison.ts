import type {Question, WorkloadStatement} from '../advisor/costs.js'
import {differences} from './differences.js'
import {costOf, type Pin} from './pinned.js'
import {type Configuration, type Plan, PlanError, type PlanNode, type Planner} from './planner.js'
import {type Memory, shapeOf} from './shape.js'

/** Settings that change what a unit of cost is: figures before and after them are not of one measure. */
const PRICES =
  /^(seq_page_cost|random_page_cost|cpu_\w+_cost|parallel_\w+_cost|effective_cache_size|cursor_tuple_fraction)$/

export type Change = {
  configuration: Configuration
  memory: {before: Memory; after: Memory}
  /** `"schema"."name"` of existing indexes, by name */
  existing: ReadonlyMap<string, string>
}

export type Changed = {
  statement: WorkloadStatement
  /** the planner's cost of one call: today, and with the change */
  before: number
  after: number
  /** today's plan where the change is made, the new plan as things are today; null: not known, or not asked */
  oldPlanThen: number | null
  newPlanNow: number | null
  differences: string[]
  plans: {before: PlanNode; after: PlanNode}
}

/** Weighted costs of the same statements; `left`: those of which the cost of a plan is not known. */
export type Totals = {oldPlans: number; newPlans: number; left: number}

export type Comparison = {
  /** planned before and after */
  statements: number
  before: number
  after: number
  /** null: before and after are of one measure; else both plans by the new prices, and by today's */
  repriced: {byNew: Totals; byToday: Totals} | null
  changed: Changed[]
  /** planned today, and with the change no more */
  broken: {statement: WorkloadStatement; reason: string}[]
  unplannable: {statement: WorkloadStatement; reason: string}[]
}

type Planned = Map<Question, Plan[]>

/** Plans a workload as things are and with a change, and names the plans that become others. */
export async function compare(planner: Planner, questions: readonly Question[], change: Change): Promise<Comparison> {
  const old = await planAll(planner, questions, {})
  const now = await planAll(planner, [...old.planned.keys()], change.configuration)
  const isRepriced = Object.keys(change.configuration.settings ?? {}).some(name => PRICES.test(name))
  const changed: Changed[] = []
  const sums = {before: 0, after: 0, byNew: totals(), byToday: totals()}
  for (const [question, after] of now.planned) {
    const before = old.planned.get(question)!
    const found = await changeOf(planner, question, {before, after}, change, isRepriced)
    if (found) changed.push(found)
    add(sums, question, {before: costOfAll(question, before), after: costOfAll(question, after)}, found)
  }
  return {
    statements: now.planned.size,
    before: sums.before,
    after: sums.after,
    repriced: isRepriced ? {byNew: sums.byNew, byToday: sums.byToday} : null,
    changed,
    broken: now.refused,
    unplannable: old.refused,
  }
}

const totals = (): Totals => ({oldPlans: 0, newPlans: 0, left: 0})

function add(
  sums: {before: number; after: number; byNew: Totals; byToday: Totals},
  {statement: {calls}}: Question,
  {before, after}: {before: number; after: number},
  changed: Changed | null,
): void {
  sums.before += before * calls
  sums.after += after * calls
  const into = (sum: Totals, oldPlan: number | null, newPlan: number | null) => {
    if (oldPlan === null || newPlan === null) sum.left += 1
    else {
      sum.oldPlans += oldPlan * calls
      sum.newPlans += newPlan * calls
    }
  }
  into(sums.byNew, changed ? changed.oldPlanThen : after, after)
  into(sums.byToday, before, changed ? changed.newPlanNow : before)
}

const costOfAll = ({variants}: Question, plans: readonly {cost: number}[]) =>
  plans.reduce((sum, {cost}, at) => sum + cost * variants[at]!.weight, 0)

/** All with one configuration before the next: to switch settings takes as long as to plan. */
async function planAll(planner: Planner, questions: readonly Question[], configuration: Configuration) {
  const planned: Planned = new Map()
  const refused: {statement: WorkloadStatement; reason: string}[] = []
  for (const question of questions) {
    try {
      const plans: Plan[] = []
      for (const {sql} of question.variants) plans.push(await planner.explain({sql}, configuration))
      planned.set(question, plans)
    } catch (error) {
      if (!(error instanceof PlanError)) throw error
      refused.push({statement: question.statement, reason: error.message})
    }
  }
  return {planned, refused}
}

type Plans = {before: Plan[]; after: Plan[]}

/** What changes about one statement; null: each of its plans stays. */
async function changeOf(
  planner: Planner,
  question: Question,
  {before, after}: Plans,
  change: Change,
  isRepriced: boolean,
): Promise<Changed | null> {
  const {memory, configuration, existing} = change
  const stays = before.map(({root}, at) => shapeOf(root, memory.before) === shapeOf(after[at]!.root, memory.after))
  const first = stays.indexOf(false)
  if (first < 0) return null
  const texts = differences(before[first]!.root, after[first]!.root, memory)
  const count = stays.filter(each => !each).length
  const some = count < stays.length ? [`only for ${count} of the ${stays.length} sets of values that were planned`] : []
  const {indexes = [], without = []} = configuration
  const reprice = (wanted: Plan[], others: Plan[], own: Memory, where: Configuration) =>
    repriced(
      planner,
      question,
      {wanted, others: stays.map((same, at) => (same ? others[at]! : null))},
      own,
      where,
      existing,
    )
  return {
    statement: question.statement,
    before: costOfAll(question, before),
    after: costOfAll(question, after),
    oldPlanThen: isRepriced ? await reprice(before, after, memory.before, {settings: configuration.settings}) : null,
    newPlanNow: isRepriced ? await reprice(after, before, memory.after, {indexes, without}) : null,
    differences: [...texts, ...some],
    plans: {before: before[first]!.root, after: after[first]!.root},
  }
}

/**
 * What plans cost where the planner chose others: it does not tell, unless it is left no choice. `others`: those that
 * it chose, where they are the same.
 */
async function repriced(
  planner: Planner,
  question: Question,
  {wanted, others}: {wanted: Plan[]; others: (Plan | null)[]},
  memory: Memory,
  where: Configuration,
  existing: Change['existing'],
): Promise<number | null> {
  const costs: {cost: number}[] = []
  for (const [at, {root}] of wanted.entries()) {
    const {sql} = question.variants[at]!
    const pin: Pin = {planner, sql, wanted: root, shapeOf: node => shapeOf(node, memory), existing}
    const cost = others[at]?.cost ?? (await costOf(pin, where))
    if (cost === null) return null
    costs.push({cost})
  }
  return costOfAll(question, costs)
}
