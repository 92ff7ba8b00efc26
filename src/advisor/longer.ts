import {type IndexDefinition, PlanError, type Planner, type PreparedIndex} from '../whatif/planner.js'
import type {Advice} from './advice.js'
import {candidatesOf} from './candidates.js'
import type {Catalog} from './catalog.js'
import {costsOf, type Question, type WorkloadStatement} from './costs.js'
import {definitionSql, indexKey, keySql} from './definition.js'
import {costBefore, readStatements} from './questions.js'

/** A longer index that was tried in the place of the one that serves a statement. */
export type LongerIndex = {
  statement: WorkloadStatement
  definition: IndexDefinition
  /** SQL of the keys that serve now, or will once what was advised is there */
  served: string
  /** the planner's cost of one call, with the shorter and with the longer index */
  before: number
  after: number
}

const MAX_STATEMENTS = 20
/** Of one statement. */
const MAX_TRIED = 6
const MAX_SHOWN = 3
/** What brings more would have been advised, had it a place in the budget. */
const MUCH = 2

/**
 * People add an index on (a, b) where one on (a) serves. For the statements that cost most: what the longer one would
 * bring in its place. The SQL parser must be loaded; indexes that are advised count as there.
 */
export async function longerIndexes(
  planner: Planner,
  catalog: Catalog,
  workload: readonly WorkloadStatement[],
  {recommendations}: Advice,
): Promise<LongerIndex[]> {
  const advised = recommendations.map(({index}) => index)
  const heaviest = [...workload].sort((a, b) => weightOf(b) - weightOf(a)).slice(0, MAX_STATEMENTS)
  const {planned} = await costBefore(readStatements(heaviest, catalog).questions, costsOf(planner))
  const pairs = planned.flatMap(question => pairsOf(question, catalog, advised).slice(0, MAX_TRIED))
  const {prepared} = await planner.prepare([
    ...new Map(pairs.map(({longer}) => [definitionSql(longer), longer])).values(),
  ])
  const found: LongerIndex[] = []
  for (const {question, longer, shorter} of pairs) {
    const index = prepared.find(({definition}) => definitionSql(definition) === definitionSql(longer))
    if (!index) continue
    const before = await costOf(planner, question, {indexes: advised})
    const after = await costOf(planner, question, {
      indexes: [...advised.filter(each => each !== shorter.advised), index],
      without: shorter.existing === null ? [] : [shorter.existing],
    })
    if (before === null || after === null || after * MUCH < before) continue
    found.push({statement: question.statement, definition: longer, served: shorter.keys, before, after})
  }
  return bestOf(found)
}

const weightOf = ({totalMs, calls}: WorkloadStatement) => totalMs ?? calls

type Shorter = {keys: string; existing: string | null; advised: PreparedIndex | null}
type Pair = {question: Question; longer: IndexDefinition; shorter: Shorter}

/** Candidates on plain columns, each with an index that leads as they do and ends earlier. */
function pairsOf(question: Question, catalog: Catalog, advised: readonly PreparedIndex[]): Pair[] {
  return question.references.references.flatMap(reference => {
    const {schema, name, indexes} = reference.table
    const there = indexes
      .filter(each => each.method === 'btree' && each.predicate === null && each.keys.length > 0 && !each.isConstraint)
      .map(each => ({
        list: each.keys.map(key => keySql(indexKey({...key, columns: [], isExpression: false}))),
        existing: `"${each.schema}"."${each.name}"`,
        advised: null,
      }))
    const coming = advised
      .filter(({definition}) => definition.schema === schema && definition.table === name && definition.where === null)
      .map(each => ({list: each.definition.keys.map(keySql), existing: null, advised: each}))
    return candidatesOf(reference, catalog.extensions)
      .filter(({method, include, where}) => method === 'btree' && include.length === 0 && where === null)
      .flatMap(longer => {
        const keys = longer.keys.map(keySql)
        const shorter = [...coming, ...there].find(
          ({list}) => list.length < keys.length && list.every((key, at) => key === keys[at]),
        )
        if (!shorter) return []
        const {list, ...which} = shorter
        return [{question, longer, shorter: {...which, keys: `(${list.join(', ')})`}}]
      })
  })
}

async function costOf(planner: Planner, {variants}: Question, configuration: Parameters<Planner['explain']>[1]) {
  try {
    let sum = 0
    for (const {sql, weight} of variants) sum += (await planner.explain({sql}, configuration)).cost * weight
    return sum
  } catch (error) {
    if (error instanceof PlanError) return null
    throw error
  }
}

/** The best for each statement, the heaviest statements first. */
function bestOf(found: readonly LongerIndex[]): LongerIndex[] {
  const byStatement = new Map<WorkloadStatement, LongerIndex>()
  for (const each of found) {
    const known = byStatement.get(each.statement)
    if (!known || each.after < known.after) byStatement.set(each.statement, each)
  }
  return [...byStatement.values()]
    .sort((a, b) => b.before * b.statement.calls - a.before * a.statement.calls)
    .slice(0, MAX_SHOWN)
}
