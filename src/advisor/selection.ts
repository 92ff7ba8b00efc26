import type {PreparedIndex} from '../whatif/planner.js'
import {atBest, burden, type Choice, change, evaluate, lasts, sizeOf} from './choice.js'
import {type Demand, isEnough} from './enough.js'
import {merge} from './merge.js'
import {simplify} from './simplify.js'
import type {Offer} from './winners.js'

export type SelectionInput = Demand & {
  offers: readonly Offer[]
  /** all candidates: a simpler one may do */
  pool: readonly PreparedIndex[]
  maximum: number
  /** when the search for something better ends, on the clock of performance.now() */
  deadline: number
}

/** In the order in which they tend to be the best, should the time run out. */
const ALPHAS = [0.5, 0.25, 1]
/** Of the budget, what is no matter: the better one of two small indexes is taken. */
const SMALL = 0.001
const MAX_MOVES = 40
const MAX_ROUNDS = 3

/** Greedy by gain per size to the power of some alphas, the best of them improved by dropping, merging and swapping. */
export async function select(input: SelectionInput): Promise<Choice> {
  const none = await evaluate(input, [])
  const moves = movesOf(input.offers)
  let best: Choice = none
  for (const alpha of ALPHAS) {
    if (best !== none && isLate(input)) break
    const choice = await search(input, none, moves, alpha)
    if (burden(choice) < burden(best)) best = choice
  }
  return drops(input, await simplify(input, best))
}

/** What was exchanged may make room, or a gap, for another one. */
async function search(input: SelectionInput, none: Choice, moves: () => Move[], alpha: number): Promise<Choice> {
  let choice = none
  for (let round = 0; round < MAX_ROUNDS && !(round > 0 && isLate(input)); round += 1) {
    const next = await improve(input, await greedy(input, choice, moves(), alpha))
    if (nameOf(next.indexes) === nameOf(choice.indexes)) return choice
    choice = next
  }
  return choice
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

const isLate = ({deadline}: SelectionInput) => performance.now() > deadline

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
    const scoreOf = (choice: Choice) =>
      (burden(from) - burden(choice)) / added.length / Math.max(sizeOf(added), input.budget * SMALL) ** alpha
    move.bound = scoreOf(await atBest(input, from, indexes))
    if (move.bound <= (best?.score ?? 0)) continue
    const choice = await change(input, from, indexes)
    move.bound = scoreOf(choice)
    if (move.bound <= (best?.score ?? 0)) continue
    if (!(await isEnough(input, from, choice, added))) continue
    if (await lasts(input, from, choice)) best = {choice, score: move.bound}
  }
  return best?.choice ?? null
}

/** Drops what later choices made useless, merges two of a table, and exchanges one while that is better. */
async function improve(input: SelectionInput, start: Choice): Promise<Choice> {
  let choice = start
  const singles = [
    ...new Map(input.offers.flatMap(({indexes}) => indexes.map(each => [each.name, each] as const))).values(),
  ]
  for (let move = 0; move < MAX_MOVES && !isLate(input); move += 1) {
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
    if (!(await isEnough(input, without, choice, [index]))) return without
  }
  return null
}

async function swap(input: SelectionInput, choice: Choice, singles: readonly PreparedIndex[]): Promise<Choice | null> {
  const hopeful = await hopefulOf(input, choice, singles)
  for (const index of choice.indexes) {
    for (const other of hopeful) {
      const isSame = other.definition.table === index.definition.table
      if (!isSame || choice.indexes.includes(other)) continue
      const indexes = choice.indexes.map(each => (each === index ? other : each))
      if (sizeOf(indexes) > input.budget) continue
      // A little cheaper but larger is no better bargain.
      const most = (1 - (other.bytes > index.bytes ? 0.01 : 0)) * burden(choice)
      if (burden(await atBest(input, choice, indexes)) >= most) continue
      const swapped = await change(input, choice, indexes)
      if (burden(swapped) >= most) continue
      if (await lasts(input, choice, swapped)) return swapped
    }
  }
  return null
}

/** Those with which some statement alone would be cheaper than it is with all that was chosen. */
async function hopefulOf({offers, costs}: SelectionInput, {indexes}: Choice, singles: readonly PreparedIndex[]) {
  const found = new Set<PreparedIndex>()
  for (const offer of offers) {
    if (offer.cost >= (await costs.of(offer.question, indexes))) continue
    for (const index of offer.indexes) found.add(index)
  }
  return singles.filter(index => found.has(index) && !indexes.includes(index))
}
