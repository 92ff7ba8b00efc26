import type {Plan, PlanNode, Planner, PreparedIndex} from '../whatif/planner.js'
import type {Table} from './catalog.js'
import type {StatementReferences} from './reference.js'
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
  /** with the indexes that there are */
  before: number
}

/** `memory`: of tables that are cached, where a page is hardly dearer than a row. Default: the server's settings. */
export type Prices = 'settings' | 'memory'
const MEMORY = {seq_page_cost: '0.02', random_page_cost: '0.02'}

/** Costs of statements under sets of candidates; asked of the planner once each. */
export type Costs = {
  of(question: Question, indexes: readonly PreparedIndex[], prices?: Prices): Promise<number>
  /** plans of all variants, the likeliest first */
  plans(question: Question, indexes: readonly PreparedIndex[], prices?: Prices): Promise<Plan[]>
  /** how often the planner was asked */
  count(): number
}

export function costsOf(planner: Planner): Costs {
  const known = new Map<Question, Map<string, Promise<number>>>()
  let count = 0
  const plans = async (question: Question, indexes: readonly PreparedIndex[], prices: Prices = 'settings') => {
    const settings = prices === 'memory' ? MEMORY : {}
    const found: Plan[] = []
    const relevant = indexes.filter(index => concerns(index, question))
    for (const {sql} of question.variants) {
      count += 1
      found.push(await planner.explain({sql}, {indexes: relevant, settings}))
    }
    return found
  }
  const ask = async (question: Question, indexes: readonly PreparedIndex[], prices: Prices) => {
    const found = await plans(question, indexes, prices)
    return found.reduce((sum, {cost}, at) => sum + cost * question.variants[at]!.weight, 0)
  }
  return {
    plans,
    count: () => count,
    of(question, indexes, prices = 'settings') {
      const own = known.get(question) ?? new Map<string, Promise<number>>()
      known.set(question, own)
      const names = indexes.filter(index => concerns(index, question)).map(({name}) => name)
      const key = [prices, ...names.sort()].join()
      const cost = own.get(key) ?? ask(question, indexes, prices)
      own.set(key, cost)
      return cost
    },
  }
}

export const concerns = ({definition}: PreparedIndex, {tables}: Question): boolean =>
  [...tables].some(({schema, name}) => schema === definition.schema && name === definition.table)

/** Names of the indexes that a plan uses. */
export function indexesIn(node: PlanNode): string[] {
  const own = node['Index Name'] === undefined ? [] : [node['Index Name']]
  return [...own, ...(node.Plans ?? []).flatMap(indexesIn)]
}
