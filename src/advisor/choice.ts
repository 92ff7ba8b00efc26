import type {PreparedIndex} from '../whatif/planner.js'
import {type Costs, concerns, type Prices, type Question} from './costs.js'

/** Indexes chosen together, and what the workload then costs. */
export type Choice = {
  indexes: PreparedIndex[]
  /** of the statements, weighted, without that of the writes */
  cost: number
  /** the same where all pages are in memory */
  inMemory: number
  writeCost: number
}

export type Weighing = {questions: readonly Question[]; costs: Costs; writeCost(index: PreparedIndex): number}

export const total = ({cost, writeCost}: Choice): number => cost + writeCost
export const sizeOf = (indexes: readonly PreparedIndex[]) => indexes.reduce((sum, {bytes}) => sum + bytes, 0)

const writesOf = ({writeCost}: Weighing, indexes: readonly PreparedIndex[]) =>
  indexes.reduce((sum, index) => sum + writeCost(index), 0)

export async function evaluate(weighing: Weighing, indexes: PreparedIndex[]): Promise<Choice> {
  const sum = async (prices: Prices) => {
    let cost = 0
    for (const question of weighing.questions) {
      cost += (await weighing.costs.of(question, indexes, prices)) * question.statement.calls
    }
    return cost
  }
  return {
    indexes,
    cost: await sum('settings'),
    inMemory: await sum('memory'),
    writeCost: writesOf(weighing, indexes),
  }
}

/** What adding or exchanging changes; only statements on the changed tables are costed anew. */
export async function change(weighing: Weighing, from: Choice, indexes: PreparedIndex[]): Promise<Choice> {
  const cost = from.cost + (await difference(weighing, from, indexes, 'settings'))
  return {indexes, cost, inMemory: Number.NaN, writeCost: writesOf(weighing, indexes)}
}

/** With the cost in memory, which only few of the choices that are looked at need. */
export async function complete(weighing: Weighing, from: Choice, choice: Choice): Promise<Choice> {
  const inMemory = from.inMemory + (await difference(weighing, from, choice.indexes, 'memory'))
  return {...choice, inMemory}
}

async function difference({questions, costs}: Weighing, from: Choice, indexes: PreparedIndex[], prices: Prices) {
  const before = new Set(from.indexes)
  const after = new Set(indexes)
  const changed = [...indexes.filter(each => !before.has(each)), ...from.indexes.filter(each => !after.has(each))]
  let sum = 0
  for (const question of questions) {
    if (!changed.some(index => concerns(index, question))) continue
    const [old, now] = [await costs.of(question, from.indexes, prices), await costs.of(question, indexes, prices)]
    sum += (now - old) * question.statement.calls
  }
  return sum
}

/** Of what is saved, so much must remain where the pages are in memory: reads of those cost next to nothing. */
const MIN_IN_MEMORY = 0.5

/**
 * Whether the workload saves about the same share of its cost where all pages are cached. A covering index beside a plain
 * one that serves as well is where it does not. Both must be complete.
 */
export const lasts = (from: Choice, to: Choice): boolean =>
  (from.inMemory - to.inMemory) / from.inMemory >= (MIN_IN_MEMORY * (from.cost - to.cost)) / from.cost
