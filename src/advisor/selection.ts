import type {PreparedIndex} from '../whatif/planner.js'
import {type Choice, change, complete, evaluate, lasts, sizeOf, total} from './choice.js'
import {type Demand, isEnough} from './enough.js'
import {merge} from './merge.js'
import {simplify} from './simplify.js'
import type {Offer} from './winners.js'

export type SelectionInput = Demand & {
  offers: readonly Offer[]
  /** all candidates: a simpler one may do */
  pool: readonly PreparedIndex[]
  /** bytes of all new indexes together */
  budget: number
  maximum: number
}

const ALPHAS = [0, 0.5, 1]
const MAX_MOVES = 40

/** Greedy by gain per size to the power of some alphas, the best of them improved by dropping, merging and swapping. */
export async function select(input: SelectionInput): Promise<Choice> {
  const none = await evaluate(input, [])
  const moves = movesOf(input.offers)
  let best: Choice = none
  for (const alpha of ALPHAS) {
    const choice = await improve(input, await greedy(input, none, moves(), alpha))
    if (total(choice) < total(best)) best = choice
  }
  return drops(input, await simplify(input, best))
}

type Move = {added: PreparedIndex[] /** gain per size of the last look: it rarely rises */; bound: number}

async function greedy(input: SelectionInput, none: Choice, moves: Move[], alpha: number): Promise<Choice> {
  let choice = none
  for (;;) {
    const best = await bestMove(input, choice, moves, alpha)
    if (!best) return choice
    choice = best
  }
}

const nameOf = (indexes: readonly PreparedIndex[]) =>
  indexes
    .map(({name}) => name)
    .sort()
    .join()

/** Each set of indexes once; a function, for each run changes the bounds. */
function movesOf(offers: readonly Offer[]): () => Move[] {
  const found = new Map(offers.map(({indexes}) => [nameOf(indexes), indexes]))
  return () => [...found.values()].map(added => ({added, bound: Number.POSITIVE_INFINITY}))
}

async function bestMove(input: SelectionInput, from: Choice, moves: Move[], alpha: number): Promise<Choice | null> {
  let best: {choice: Choice; score: number} | null = null
  moves.sort((a, b) => b.bound - a.bound)
  for (const move of moves) {
    if (best && move.bound <= best.score) break
    const added = move.added.filter(index => !from.indexes.includes(index))
    const indexes = [...from.indexes, ...added]
    if (added.length === 0 || indexes.length > input.maximum || sizeOf(indexes) > input.budget) {
      move.bound = 0
      continue
    }
    const choice = await change(input, from, indexes)
    const gain = total(from) - total(choice)
    move.bound = gain / added.length / (sizeOf(indexes) - sizeOf(from.indexes)) ** alpha
    if (best && move.bound <= best.score) continue
    if (!(await isEnough(input, from, choice, added))) continue
    const whole = await complete(input, from, choice)
    if (lasts(from, whole)) best = {choice: whole, score: move.bound}
  }
  return best?.choice ?? null
}

/** Drops what later choices made useless, merges two of a table, and exchanges one while that is better. */
async function improve(input: SelectionInput, start: Choice): Promise<Choice> {
  let choice = start
  const singles = [
    ...new Map(input.offers.flatMap(({indexes}) => indexes.map(each => [each.name, each] as const))).values(),
  ]
  for (let move = 0; move < MAX_MOVES; move += 1) {
    const better =
      (await drop(input, choice)) ?? (await merge(input, choice, singles)) ?? (await swap(input, choice, singles))
    if (!better) return choice
    choice = better
  }
  return choice
}

async function drops(input: SelectionInput, start: Choice): Promise<Choice> {
  let choice = start
  for (let next = await drop(input, choice); next; next = await drop(input, choice)) choice = next
  return choice
}

async function drop(input: SelectionInput, choice: Choice): Promise<Choice | null> {
  for (const index of choice.indexes) {
    const without = await change(
      input,
      choice,
      choice.indexes.filter(each => each !== index),
    )
    if (!(await isEnough(input, without, choice, [index]))) return complete(input, choice, without)
  }
  return null
}

async function swap(input: SelectionInput, choice: Choice, singles: readonly PreparedIndex[]): Promise<Choice | null> {
  for (const index of choice.indexes) {
    for (const other of singles) {
      const isSame = other.definition.table === index.definition.table
      if (!isSame || choice.indexes.includes(other)) continue
      const indexes = choice.indexes.map(each => (each === index ? other : each))
      if (sizeOf(indexes) > input.budget) continue
      const swapped = await change(input, choice, indexes)
      // A little cheaper but larger is no better bargain.
      if (total(choice) - total(swapped) <= (other.bytes > index.bytes ? 0.01 : 0) * total(choice)) continue
      const whole = await complete(input, choice, swapped)
      if (lasts(choice, whole)) return whole
    }
  }
  return null
}
