import type {Refusal} from './advice.js'
import {type Choice, change, lasts, total} from './choice.js'
import {isEnough, neededGain} from './enough.js'
import type {SelectionInput} from './selection.js'
import type {Offer} from './winners.js'

const IN_MEMORY =
  'most of what it saves is the reading of pages that an index leads to already; where these are in memory, that is little'

const percent = (share: number) => `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`

type Missed = {offer: Offer; gain: number; after: number; isLasting: boolean; suffices: boolean}

/**
 * The candidate that would bring the most beyond the choice, and why it was not taken; first those that a larger budget
 * would take in.
 */
export async function closestOf(
  input: SelectionInput,
  choice: Choice,
  offers: readonly Offer[],
): Promise<Refusal | null> {
  const missed: Missed[] = []
  for (const offer of offers) {
    if (offer.indexes.every(index => choice.indexes.includes(index))) continue
    const {question} = offer
    const all = [...new Set([...choice.indexes, ...offer.indexes])]
    const after = await input.costs.of(question, all)
    const gain = ((await input.costs.of(question, choice.indexes)) - after) * question.statement.calls
    if (gain <= 0) continue
    const next = await change(input, choice, all)
    const suffices = await isEnough(input, choice, next, offer.indexes)
    missed.push({offer, gain, after, isLasting: await lasts(input, choice, next), suffices})
  }
  const isNear = ({isLasting, suffices}: Missed) => isLasting && suffices
  missed.sort((a, b) => Number(isNear(b)) - Number(isNear(a)) || b.gain - a.gain)
  const [best] = missed
  if (!best) return null
  const {indexes, question} = best.offer
  const reason = best.isLasting ? reasonOf(input, choice, best) : IN_MEMORY
  return {indexes, statement: question.statement, before: question.before, after: best.after, reason}
}

function reasonOf(input: SelectionInput, choice: Choice, {offer: {indexes}, gain, suffices}: Missed): string {
  const writes = indexes.reduce((sum, index) => sum + input.writeCost(index), 0)
  const bytes = [...choice.indexes, ...indexes].reduce((sum, index) => sum + index.bytes, 0)
  const share = total(choice) > 0 ? gain / total(choice) : 0
  if (writes >= gain) return 'it costs the writes to its table more than the reads gain'
  if (!suffices) {
    const needed = percent(neededGain(input, indexes))
    return `it saves ${percent(share)} of the workload's cost, less than the ${needed} that it must`
  }
  if (choice.indexes.length >= input.maximum) return `${input.maximum} indexes is the most that was asked for`
  if (bytes > input.budget) return 'it does not fit into the budget'
  return 'another one serves the same statements for less'
}
