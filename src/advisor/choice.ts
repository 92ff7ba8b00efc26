import type {PreparedIndex} from '../whatif/planner.js'
import type {Costs, Prices, Question} from './costs.js'
import {isRelevant} from './relevance.js'

/** Indexes chosen together, and what the workload then costs. */
export type Choice = {
  indexes: PreparedIndex[]
  /** of the statements, weighted, without that of the writes */
  cost: number
  writeCost: number
}

export type Weighing = {
  questions: readonly Question[]
  costs: Costs
  writeCost(index: PreparedIndex): number
  /** its table is so small that it is in memory anyway */
  isInMemory(index: PreparedIndex): boolean
}

export const total = ({cost, writeCost}: Choice): number => cost + writeCost
export const sizeOf = (indexes: readonly PreparedIndex[]) => indexes.reduce((sum, {bytes}) => sum + bytes, 0)

const writesOf = ({writeCost}: Weighing, indexes: readonly PreparedIndex[]) =>
  indexes.reduce((sum, index) => sum + writeCost(index), 0)

export async function evaluate(weighing: Weighing, indexes: PreparedIndex[]): Promise<Choice> {
  const cost = await sumOf(weighing.questions, weighing, indexes, 'settings')
  return {indexes, cost, writeCost: writesOf(weighing, indexes)}
}

/** What adding or exchanging changes; only statements on the changed tables are costed anew. */
export async function change(weighing: Weighing, from: Choice, indexes: PreparedIndex[]): Promise<Choice> {
  const touched = touchedBy(weighing, differences(from, indexes))
  const before = await sumOf(touched, weighing, from.indexes, 'settings')
  const after = await sumOf(touched, weighing, indexes, 'settings')
  return {indexes, cost: from.cost + after - before, writeCost: writesOf(weighing, indexes)}
}

/** The best that it can be, by what is known already; the planner is not asked. */
export async function atBest(weighing: Weighing, from: Choice, indexes: PreparedIndex[]): Promise<Choice> {
  const {costs} = weighing
  let cost = from.cost
  for (const question of touchedBy(weighing, differences(from, indexes))) {
    const {calls} = question.statement
    cost += (costs.floor(question, indexes) - (await costs.of(question, from.indexes))) * calls
  }
  return {indexes, cost, writeCost: writesOf(weighing, indexes)}
}

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
