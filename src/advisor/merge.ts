import type {PreparedIndex} from '../whatif/planner.js'
import {type Choice, change, complete, sizeOf, total, type Weighing} from './choice.js'

/** Of the workload's cost, what one index in place of two may lose. */
const NEARLY_NOTHING = 0.003

/** One index for two of a table, where it is smaller than both together and nearly nothing is lost; null: there is none. */
export async function merge(
  weighing: Weighing,
  choice: Choice,
  singles: readonly PreparedIndex[],
): Promise<Choice | null> {
  for (const [at, one] of choice.indexes.entries()) {
    for (const two of choice.indexes.slice(at + 1)) {
      if (!isSameTable(one, two)) continue
      for (const other of singles) {
        const isSmaller = other.bytes < one.bytes + two.bytes
        if (!isSameTable(one, other) || choice.indexes.includes(other) || !isSmaller) continue
        const indexes = [...choice.indexes.filter(each => each !== one && each !== two), other]
        const merged = await change(weighing, choice, indexes)
        const isCheap = total(merged) <= total(choice) * (1 + NEARLY_NOTHING)
        if (isCheap && sizeOf(indexes) < sizeOf(choice.indexes)) return complete(weighing, choice, merged)
      }
    }
  }
  return null
}

const isSameTable = ({definition: a}: PreparedIndex, {definition: b}: PreparedIndex) =>
  a.schema === b.schema && a.table === b.table
