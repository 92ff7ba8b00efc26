import type {Plan, PlanNode, Planner, PreparedIndex} from '../whatif/planner.js'
import type {Table} from './catalog.js'
import type {StatementReferences} from './reference.js'
import {isRelevant} from './relevance.js'
import type {Variant} from './values.js'

/** One statement of the workload. */
export type WorkloadStatement = {
  id: string
  sql: string
  /** how often it runs: its weight */
  calls: number
  /** written or returned in all calls; null: not known */
  rows: number | null
  /** null: not measured */
  totalMs: number | null
  /** with real values, where they are known; they are planned in place of typical ones */
  samples?: Variant[]
}

/** A statement with what was read from it. */
export type Question = {
  statement: WorkloadStatement
  references: StatementReferences
  tables: Set<Table>
  variants: Variant[]
  /** other readings of its parameters, for when the server cannot plan these */
  otherwise: Variant[][]
  /** with the indexes that there are */
  before: number
}

/** `memory`: of tables that are cached, where a page is hardly dearer than a row. Default: the server's settings. */
export type Prices = 'settings' | 'memory'
const MEMORY = {seq_page_cost: '0.02', random_page_cost: '0.02'}

/** Costs of statements under sets of candidates; asked of the planner once each. */
export type Costs = {
  of(question: Question, indexes: readonly PreparedIndex[], prices?: Prices): Promise<number>
  /** The cost is no less: what is known of more indexes than these. The planner is not asked; 0 where nothing is known. */
  floor(question: Question, indexes: readonly PreparedIndex[]): number
  /** plans of all variants, the likeliest first */
  plans(question: Question, indexes: readonly PreparedIndex[], prices?: Prices): Promise<Plan[]>
  /** how often the planner was asked */
  count(): number
}

/** What was planned: with `visible` indexes those in `used` were used, so that without others the plan is the same. */
type Known = {visible: Set<string>; used: Set<string>; cost: number}

export function costsOf(planner: Planner): Costs {
  const known = new Map<Question, Record<Prices, Known[]>>()
  let count = 0
  const ask = async (question: Question, indexes: readonly PreparedIndex[], prices: Prices) => {
    const settings = prices === 'memory' ? MEMORY : {}
    const found: Plan[] = []
    for (const {sql} of question.variants) {
      count += 1
      found.push(await planner.explain({sql}, {indexes, settings}))
    }
    return found
  }
  const remembered = (question: Question, prices: Prices) => {
    const own = known.get(question) ?? {settings: [], memory: []}
    known.set(question, own)
    return own[prices]
  }
  const plan = async (question: Question, indexes: readonly PreparedIndex[], prices: Prices) => {
    const relevant = indexes.filter(index => isRelevant(index, question))
    const found = await ask(question, relevant, prices)
    const cost = found.reduce((sum, {cost: each}, at) => sum + each * question.variants[at]!.weight, 0)
    const visible = new Set(relevant.map(({name}) => name))
    const used = new Set(found.flatMap(({root}) => indexesIn(root)).filter(name => visible.has(name)))
    remembered(question, prices).push({visible, used, cost})
    return {plans: found, cost}
  }
  const relevantNames = (question: Question, indexes: readonly PreparedIndex[]) =>
    new Set(indexes.filter(index => isRelevant(index, question)).map(({name}) => name))
  return {
    floor(question, indexes) {
      const names = relevantNames(question, indexes)
      const more = remembered(question, 'settings').filter(({visible}) => isSubset(names, visible))
      return more.reduce((least, {cost}) => Math.max(least, cost), 0)
    },
    plans: async (question, indexes, prices = 'settings') => (await plan(question, indexes, prices)).plans,
    count: () => count,
    async of(question, indexes, prices = 'settings') {
      const names = relevantNames(question, indexes)
      const same = remembered(question, prices).find(
        ({visible, used}) => isSubset(used, names) && isSubset(names, visible),
      )
      return same ? same.cost : (await plan(question, indexes, prices)).cost
    },
  }
}

const isSubset = (part: ReadonlySet<string>, whole: ReadonlySet<string>) =>
  part.size <= whole.size && [...part].every(name => whole.has(name))

export const concerns = ({definition}: PreparedIndex, {tables}: Question): boolean =>
  [...tables].some(({schema, name}) => schema === definition.schema && name === definition.table)

/** Names of the indexes that a plan uses. */
export function indexesIn(node: PlanNode): string[] {
  const own = node['Index Name'] === undefined ? [] : [node['Index Name']]
  return [...own, ...(node.Plans ?? []).flatMap(indexesIn)]
}
