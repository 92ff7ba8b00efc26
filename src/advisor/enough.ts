import type {PreparedIndex} from '../whatif/planner.js'
import {type Choice, sizeOf, total, type Weighing} from './choice.js'
import {isRelevant} from './relevance.js'

export type Demand = Weighing & {
  /** share of the workload's cost that each further index must bring */
  minimumGain: number
  /** bytes of all new indexes together */
  budget: number
  /** it only spares the visits to a table that is in memory, of an index that exists */
  isUpgrade(index: PreparedIndex): boolean
}

/** A wider index in place of one that serves must bring so many times more: it fits less into memory. */
const UPGRADE = 5

/** Of what the workload must gain, the least that is worth an index, however much it does for single statements. */
const LEAST_SHARE = 0.15
/** Of one statement's cost, what must be saved where the workload gains too little. */
const LEAST_OF_STATEMENT = 0.1

/** A statement that becomes so many times cheaper is worth a small index that brings the workload still less. */
const RESCUE = 10
const RESCUE_SHARE = 0.05
const RESCUE_BUDGET = 0.1

/** Share of the workload's cost that indexes must bring together. */
export const neededGain = ({minimumGain, isUpgrade}: Demand, added: readonly PreparedIndex[]): number =>
  added.reduce((sum, index) => sum + minimumGain * (isUpgrade(index) ? UPGRADE : 1), 0)

/**
 * Whether indexes bring enough, against what the workload costs without them: by the share of its cost, or by that and
 * the share of the geometric mean over the statements together, or where a small one makes a statement many times
 * cheaper: no statement is to be left behind.
 */
export async function isEnough(
  demand: Demand,
  from: Choice,
  to: Choice,
  added: readonly PreparedIndex[],
): Promise<boolean> {
  const share = (total(from) - total(to)) / total(from)
  const needed = neededGain(demand, added)
  if (share >= needed) return true
  if (share <= 0 || share < needed * RESCUE_SHARE || added.some(demand.isUpgrade)) return false
  const ratios = await ratiosOf(demand, from, to, added)
  const best = Math.min(...ratios)
  if (best * RESCUE <= 1 && sizeOf(added) <= demand.budget * RESCUE_BUDGET) return true
  if (share < needed * LEAST_SHARE || best > 1 - LEAST_OF_STATEMENT) return false
  const geometric = 1 - Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / demand.questions.length)
  return share + geometric >= needed
}

/** Of the statements that could use the indexes, what each costs relative to before. */
async function ratiosOf({questions, costs}: Demand, from: Choice, to: Choice, added: readonly PreparedIndex[]) {
  const found: number[] = []
  for (const question of questions) {
    if (!added.some(index => isRelevant(index, question))) continue
    found.push((await costs.of(question, to.indexes)) / (await costs.of(question, from.indexes)))
  }
  return found
}
