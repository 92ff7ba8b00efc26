import type {PreparedIndex} from '../whatif/planner.js'
import {type Choice, change, lasts} from './choice.js'
import {type Demand, isEnough} from './enough.js'

type Input = Demand & {pool: readonly PreparedIndex[]}

/** In place of each index the smallest part of it that does nearly as well: fewer keys, fewer columns besides. */
export async function simplify(input: Input, start: Choice): Promise<Choice> {
  let choice = start
  for (const index of start.indexes) {
    const simpler = input.pool.filter(other => isPart(other, index)).sort((a, b) => a.bytes - b.bytes)
    for (const other of simpler) {
      if (choice.indexes.includes(other)) continue
      const indexes = choice.indexes.map(each => (each === index ? other : each))
      const next = await change(input, choice, indexes)
      if ((await isEnough(input, next, choice, [index])) && (await lasts(input, next, choice))) continue
      choice = next
      break
    }
  }
  return choice
}

/** The same beginning, and nothing that the other has not. */
export function isPart(
  {definition: part, bytes}: PreparedIndex,
  {definition: whole, bytes: all}: PreparedIndex,
): boolean {
  return (
    bytes < all &&
    part.method === whole.method &&
    part.schema === whole.schema &&
    part.table === whole.table &&
    part.where === whole.where &&
    part.keys.every((key, at) => JSON.stringify(key) === JSON.stringify(whole.keys[at])) &&
    part.include.every(name => whole.include.includes(name))
  )
}
