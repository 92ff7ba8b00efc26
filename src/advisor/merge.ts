import type {PreparedIndex} from '../whatif/planner.js'
import {atBest, burden, type Choice, change, type Weighing} from './choice.js'

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
        const isLike = leads(one, other) || leads(two, other)
        if (!isSameTable(one, other) || !isLike || choice.indexes.includes(other) || !isSmaller) continue
        const indexes = [...choice.indexes.filter(each => each !== one && each !== two), other]
        const most = burden(choice) * (1 + NEARLY_NOTHING)
        if (burden(await atBest(weighing, choice, indexes)) > most) continue
        const merged = await change(weighing, choice, indexes)
        if (burden(merged) <= most) return merged
      }
    }
  }
  return null
}

const isSameTable = ({definition: a}: PreparedIndex, {definition: b}: PreparedIndex) =>
  a.schema === b.schema && a.table === b.table

const leads = ({definition: a}: PreparedIndex, {definition: b}: PreparedIndex) => a.keys[0]!.sql === b.keys[0]!.sql
