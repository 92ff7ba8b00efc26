import type {IndexDefinition, Planner, PreparedIndex} from '../whatif/planner.js'
import type {Advice, Recommendation} from './advice.js'
import {type Catalog, findTable} from './catalog.js'
import type {Choice} from './choice.js'
import {type Costs, concerns, costsOf, type Question, type WorkloadStatement} from './costs.js'
import {costBefore, preparedFor, propose, readStatements} from './questions.js'
import {closestOf} from './refusal.js'
import {replacedBy} from './replaced.js'
import {type SelectionInput, select} from './selection.js'
import {winnersOf} from './winners.js'
import {notHotPercent, tableWrites, writeCost} from './writes.js'

export type AdviceOptions = {
  /** bytes of the new indexes together; default: a quarter of the tables' size */
  budget?: number
  /** number of new indexes; default 30 */
  maximum?: number
  /** share of the workload's cost that each index must bring; default 0.02 */
  minimumGain?: number
  /** candidates that the planner is asked about; default 3000 */
  candidates?: number
  /** when the search for better combinations ends, milliseconds from the beginning; default 45 000 */
  patience?: number
  /** tell the plans before and after; default false */
  plans?: boolean
}

const PAGE = 8192
const SHARE_OF_TABLES = 0.25

/**
 * The indexes that a workload lacks: candidates from its statements, costed by the planner, chosen for the whole.
 * The SQL parser must be loaded. Statements that cannot be planned are named in the answer.
 */
export async function advise(
  planner: Planner,
  catalog: Catalog,
  workload: readonly WorkloadStatement[],
  options: AdviceOptions = {},
): Promise<Advice> {
  const {maximum = 30, minimumGain = 0.02, candidates = 3000, patience = 45_000} = options
  const deadline = performance.now() + patience
  const read = readStatements(heaviestFirst(workload), catalog)
  const proposed = propose(read.questions, catalog, candidates)
  const {prepared} = await planner.prepare(proposed.definitions)
  const costs = costsOf(planner)
  const {planned, unplannable} = await costBefore(read.questions, costs)
  const before = planned.reduce((sum, question) => sum + question.before * question.statement.calls, 0)
  const found = []
  for (const question of planned) {
    found.push(await winnersOf(question, preparedFor(question, proposed, prepared), costs, before))
  }
  const offers = found.flatMap(each => each.offers)
  const nearest = found.flatMap(each => each.nearest ?? [])
  const writes = tableWrites(
    planned.map(({references, statement}) => ({writes: references.writes, rows: statement.rows ?? statement.calls})),
  )
  const budget = options.budget ?? budgetOf(catalog, planned)
  const input: SelectionInput = {
    questions: planned,
    offers,
    pool: prepared,
    costs,
    writeCost: index => writeCost(index, catalog, writes),
    budget,
    maximum,
    minimumGain,
    deadline,
    isInMemory: ({definition}) => isInMemory(definition, catalog),
    isUpgrade: ({definition}) => isInMemory(definition, catalog) && isCovering(definition, catalog),
  }
  const choice = await select(input)
  return {
    recommendations: await recommendationsOf(input, choice, catalog, {
      before,
      withPlans: options.plans === true,
      notHot: index => notHotPercent(index, catalog, writes),
    }),
    closest: await closestOf(input, choice, nearest),
    before,
    after: choice.cost,
    writeCost: choice.writeCost,
    statements: planned.length,
    candidates: prepared.length,
    unplannable: [...read.unplannable, ...unplannable],
    budget,
    bytes: choice.indexes.reduce((sum, {bytes}) => sum + bytes, 0),
  }
}

const heaviestFirst = (workload: readonly WorkloadStatement[]) =>
  [...workload].sort((a, b) => (b.totalMs ?? 0) - (a.totalMs ?? 0) || b.calls - a.calls || a.id.localeCompare(b.id))

function budgetOf({tables}: Catalog, questions: readonly Question[]): number {
  const used = new Set(questions.flatMap(question => [...question.tables]))
  const pages = tables.reduce((sum, table) => sum + (used.has(table) ? table.pages : 0), 0)
  return SHARE_OF_TABLES * pages * PAGE
}

/** A table of a hundredth of what the server can cache is in memory when it is used at all. */
const ALWAYS_CACHED = 0.01

function isInMemory({schema, table: name}: IndexDefinition, catalog: Catalog): boolean {
  const pages = findTable(catalog, {schema, name})?.pages ?? 0
  return pages <= ALWAYS_CACHED * catalog.cachePages
}

/** It leads where an existing one leads, and holds more columns: what it saves are visits to the table. */
function isCovering({schema, table: name, keys, include, where}: IndexDefinition, catalog: Catalog): boolean {
  const indexes = findTable(catalog, {schema, name})?.indexes ?? []
  const leads = indexes.some(
    each => each.predicate === null && each.method === 'btree' && each.keys[0]?.sql === keys[0]!.sql,
  )
  return include.length > 0 && where === null && leads
}

type Wanted = {before: number; withPlans: boolean; notHot: (index: PreparedIndex) => number}

async function recommendationsOf(input: SelectionInput, choice: Choice, catalog: Catalog, wanted: Wanted) {
  const {before, withPlans, notHot} = wanted
  const found: Recommendation[] = []
  for (const index of choice.indexes) {
    const others = choice.indexes.filter(each => each !== index)
    const serves = await statementsOf(index, others, choice.indexes, input, withPlans)
    const own = input.writeCost(index)
    const gain = serves.reduce((sum, each) => sum + (each.without - each.after) * each.statement.calls, 0) - own
    const table = findTable(catalog, {schema: index.definition.schema, name: index.definition.table})
    found.push({
      index,
      gain,
      gainPercent: before > 0 ? (gain / before) * 100 : 0,
      writeCost: own,
      notHotPercent: notHot(index),
      serves,
      replaces: table ? replacedBy(index.definition, table) : [],
    })
  }
  return found.sort((a, b) => b.gain - a.gain || a.index.name.localeCompare(b.index.name))
}

/** A change of less is the planner's rounding. */
const NOTICEABLE = 0.01

async function statementsOf(
  index: PreparedIndex,
  others: PreparedIndex[],
  all: readonly PreparedIndex[],
  {questions, costs}: {questions: readonly Question[]; costs: Costs},
  withPlans: boolean,
) {
  const found = []
  for (const question of questions) {
    if (!concerns(index, question)) continue
    const [after, without] = [await costs.of(question, all), await costs.of(question, others)]
    if (without - after <= NOTICEABLE * without) continue
    const root = async (indexes: readonly PreparedIndex[]) => (await costs.plans(question, indexes))[0]!.root
    const plans = withPlans ? {before: await root([]), after: await root(all)} : undefined
    found.push({question, statement: question.statement, before: question.before, without, after, plans})
  }
  return found.sort((a, b) => (b.without - b.after) * b.statement.calls - (a.without - a.after) * a.statement.calls)
}
