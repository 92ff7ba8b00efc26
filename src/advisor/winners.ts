import type {PreparedIndex} from '../whatif/planner.js'
import {type Costs, indexesIn, type Question} from './costs.js'
import {isPart} from './simplify.js'

/** What a statement would take: one index, or several that pay only together. */
export type Offer = {question: Question; indexes: PreparedIndex[]; cost: number}

const ROUNDS = 6
/** A statement of a smaller share of the workload's cost gets fewer rounds: there are many such. */
const FEW_ROUNDS = 2
const SMALL_STATEMENT = 0.005
/** An index that lowers a statement's cost by less, and the workload's too, is no help. */
const MIN_OF_STATEMENT = 0.1
const MIN_OF_WORKLOAD = 0.003

/**
 * Lets the planner choose: with all candidates visible, those in its plan are the best; then the same without them, and
 * so on, for the runners-up, of which a smaller or a shared one may be the better bargain; so may be a part of one.
 */
export async function winnersOf(
  question: Question,
  candidates: readonly PreparedIndex[],
  costs: Costs,
  workload: number,
): Promise<{offers: Offer[] /** the planner's first choice, however little it brings */; nearest: Offer | null}> {
  const offers: Offer[] = []
  let nearest: Offer | null = null
  let left = [...candidates]
  const offered = new Set<PreparedIndex>()
  const isSmall = question.before * question.statement.calls < SMALL_STATEMENT * workload
  const rounds = isSmall ? FEW_ROUNDS : ROUNDS
  for (let round = 0; round < rounds && left.length > 0; round += 1) {
    const plans = await costs.plans(question, left)
    const used = new Set(plans.flatMap(({root}) => indexesIn(root)))
    const chosen = left.filter(({name}) => used.has(name))
    const cost = plans.reduce((sum, plan, at) => sum + plan.cost * question.variants[at]!.weight, 0)
    if (chosen.length > 0) nearest ??= {question, indexes: chosen, cost}
    if (chosen.length === 0 || !isWorth(question, cost, workload)) break
    offers.push({question, indexes: chosen, cost})
    const parts = candidates.filter(part => chosen.some(whole => isPart(part, whole)))
    const singles = [...(chosen.length > 1 ? chosen : []), ...parts].filter(index => !offered.has(index))
    for (const index of singles) offered.add(index)
    offers.push(...(await alone(question, singles, costs, workload)))
    left = left.filter(({name}) => !used.has(name))
  }
  return {offers, nearest}
}

async function alone(question: Question, indexes: PreparedIndex[], costs: Costs, workload: number): Promise<Offer[]> {
  const found: Offer[] = []
  for (const index of indexes) {
    const cost = await costs.of(question, [index])
    if (isWorth(question, cost, workload)) found.push({question, indexes: [index], cost})
  }
  return found
}

function isWorth({before, statement}: Question, cost: number, workload: number): boolean {
  const gain = before - cost
  return gain > 0 && (gain >= before * MIN_OF_STATEMENT || gain * statement.calls >= workload * MIN_OF_WORKLOAD)
}
