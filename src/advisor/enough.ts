import type {PreparedIndex} from '../whatif/planner.js'
import {type Choice, total, type Weighing} from './choice.js'
import {concerns} from './costs.js'

export type Demand = Weighing & {
  /** share of the workload's cost that each further index must bring */
  minimumGain: number
  /** it only spares the visits to the table, of an index that exists */
  isUpgrade(index: PreparedIndex): boolean
}

/** A wider index in place of one that serves must bring so many times more: it fits less into memory. */
const UPGRADE = 5
/** Where a statement becomes so many times cheaper, a smaller share of the workload suffices. */
const RESCUE = 10
const RESCUE_SHARE = 0.05

/** Share of the workload's cost that indexes must bring together. */
export const neededGain = ({minimumGain, isUpgrade}: Demand, added: readonly PreparedIndex[]): number =>
  added.reduce((sum, index) => sum + minimumGain * (isUpgrade(index) ? UPGRADE : 1), 0)

/** Whether indexes bring enough: to the workload, or to a statement that is left behind without them. */
export async function isEnough(
  demand: Demand,
  from: Choice,
  to: Choice,
  added: readonly PreparedIndex[],
): Promise<boolean> {
  const gain = total(from) - total(to)
  const needed = neededGain(demand, added) * total(from)
  if (gain >= needed) return true
  if (gain <= 0 || gain < needed * RESCUE_SHARE || added.some(demand.isUpgrade)) return false
  for (const question of demand.questions) {
    if (!added.some(index => concerns(index, question))) continue
    const [before, after] = [await demand.costs.of(question, from.indexes), await demand.costs.of(question, to.indexes)]
    if (before >= RESCUE * after) return true
  }
  return false
}
