import type {PreparedIndex} from '../whatif/planner.js'
import type {Costs, Prices, Question} from './costs.js'
import {isRelevant} from './relevance.js'

/** Indexes chosen together, and what the workload then costs. */
export type Choice = {
  indexes: PreparedIndex[]
  /** of the statements, weighted, without that of the writes */
  cost: number
  writeCost: number
  /** mean over the statements of the logarithm of their cost, whatever their calls */
  logarithm: number
}

export type Weighing = {
  questions: readonly Question[]
  costs: Costs
  writeCost(index: PreparedIndex): number
  /** its table is so small that it is in memory anyway */
  isInMemory(index: PreparedIndex): boolean
}

export const total = ({cost, writeCost}: Choice): number => cost + writeCost
/** Of the geometric mean over the statements beside the weighted cost: that no statement is left behind. */
const EACH_STATEMENT = 0.1

/** What is to be as low as possible: the cost, times a power of the statements' geometric mean. */
export const burden = (choice: Choice): number => total(choice) * Math.exp(EACH_STATEMENT * choice.logarithm)

export const sizeOf = (indexes: readonly PreparedIndex[]) => indexes.reduce((sum, {bytes}) => sum + bytes, 0)

const writesOf = ({writeCost}: Weighing, indexes: readonly PreparedIndex[]) =>
  indexes.reduce((sum, index) => sum + writeCost(index), 0)

export async function evaluate(weighing: Weighing, indexes: PreparedIndex[]): Promise<Choice> {
  let [cost, logarithm] = [0, 0]
  for (const question of weighing.questions) {
    const own = await weighing.costs.of(question, indexes)
    cost += own * question.statement.calls
    logarithm += logarithmOf(own) / weighing.questions.length
  }
  return {indexes, cost, writeCost: writesOf(weighing, indexes), logarithm}
}

/** What adding or exchanging changes; only statements on the changed tables are costed anew. */
export async function change(weighing: Weighing, from: Choice, indexes: PreparedIndex[]): Promise<Choice> {
  return moved(weighing, from, indexes, question => weighing.costs.of(question, indexes))
}

/** The best that it can be, by what is known already; the planner is not asked. */
export async function atBest(weighing: Weighing, from: Choice, indexes: PreparedIndex[]): Promise<Choice> {
  return moved(weighing, from, indexes, question => weighing.costs.floor(question, indexes))
}

type CostOf = (question: Question) => number | Promise<number>

async function moved(weighing: Weighing, from: Choice, indexes: PreparedIndex[], costOf: CostOf): Promise<Choice> {
  let {cost, logarithm} = from
  for (const question of touchedBy(weighing, differences(from, indexes))) {
    const [before, after] = [await weighing.costs.of(question, from.indexes), await costOf(question)]
    cost += (after - before) * question.statement.calls
    logarithm += (logarithmOf(after) - logarithmOf(before)) / weighing.questions.length
  }
  return {indexes, cost, writeCost: writesOf(weighing, indexes), logarithm}
}

/** What costs less than one page is as good as free. */
const logarithmOf = (cost: number) => Math.log(Math.max(1, cost))

async function sumOf(
  questions: readonly Question[],
  {costs}: Weighing,
  indexes: readonly PreparedIndex[],
  prices: Prices,
): Promise<number> {
  let sum = 0
  for (const question of questions) sum += (await costs.of(question, indexes, prices)) * question.statement.calls
  return sum
}

function differences({indexes: before}: Choice, after: readonly PreparedIndex[]): PreparedIndex[] {
  const [old, now] = [new Set(before), new Set(after)]
  return [...after.filter(each => !old.has(each)), ...before.filter(each => !now.has(each))]
}

const touchedBy = ({questions}: Weighing, changed: readonly PreparedIndex[]) =>
  questions.filter(question => changed.some(index => isRelevant(index, question)))

/** Of what is saved, so much must remain where the pages are in memory: reads of those cost next to nothing. */
const MIN_IN_MEMORY = 0.5

/**
 * Whether statements on tables that are in memory anyway save about the same share of their cost where reading a page
 * costs nothing. A covering index beside a plain one that serves as well is where they do not.
 */
export async function lasts(weighing: Weighing, from: Choice, to: Choice): Promise<boolean> {
  const changed = differences(from, to.indexes)
  if (!changed.every(index => weighing.isInMemory(index))) return true
  const touched = touchedBy(weighing, changed)
  const saved = async (prices: Prices) => {
    const before = await sumOf(touched, weighing, from.indexes, prices)
    return before > 0 ? (before - (await sumOf(touched, weighing, to.indexes, prices))) / before : 0
  }
  return (await saved('memory')) >= MIN_IN_MEMORY * (await saved('settings'))
}
