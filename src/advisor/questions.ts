import {treeOf} from '../sql/parse.js'
import {type IndexDefinition, PlanError, type PreparedIndex} from '../whatif/planner.js'
import {candidatesOf} from './candidates.js'
import type {Catalog} from './catalog.js'
import type {Costs, Question, WorkloadStatement} from './costs.js'
import {definitionSql} from './definition.js'
import {numericParameters} from './numbers.js'
import type {ParameterUse} from './reference.js'
import {referencesOf} from './references.js'
import {repaired, type Variant, variantsOf} from './values.js'

export type Unplannable = {statement: WorkloadStatement; reason: string}

/** Statements read; those that touch no table of the catalog, or are no SQL, are told apart with the reason. */
export function readStatements(statements: readonly WorkloadStatement[], catalog: Catalog) {
  const questions: Question[] = []
  const unplannable: Unplannable[] = []
  for (const statement of statements) {
    const sql = repaired(statement.sql)
    const tree = treeOf(sql)
    const references = tree === null ? null : referencesOf(tree, catalog)
    if (!references) unplannable.push({statement, reason: 'the text does not parse: it is cut short, or no SQL'})
    else if (references.references.length + references.writes.length === 0) {
      unplannable.push({statement, reason: 'it reads no table of this database'})
    } else {
      const tables = new Set([...references.references, ...references.writes].map(({table}) => table))
      const [variants, ...otherwise] = readings(statement, sql, [...references.parameters, ...numericParameters(tree)])
      questions.push({statement, references, tables, variants: variants!, otherwise, before: 0})
    }
  }
  return {questions, unplannable}
}

/** What is left of the parameters was a number or a text: where the server cannot tell, the ways to read them are tried. */
function readings(
  {calls, rows, samples}: WorkloadStatement,
  sql: string,
  parameters: readonly ParameterUse[],
): Variant[][] {
  const rowsPerCall = rows === null || calls === 0 ? null : rows / calls
  const typical = [null, '1', "'1'"].map(rest => variantsOf(sql, parameters, {rowsPerCall, rest}))
  return samples ? [samples, ...typical] : typical
}

export type Proposed = {definitions: IndexDefinition[]; byQuestion: Map<Question, Set<string>>}

/** Candidates of all statements, each definition once; the first statements have the first choice. */
export function propose(questions: readonly Question[], catalog: Catalog, maximum: number): Proposed {
  const found = new Map<string, IndexDefinition>()
  const byQuestion = new Map<Question, Set<string>>()
  for (const question of questions) {
    const own = question.references.references.flatMap(reference => candidatesOf(reference, catalog.extensions))
    const names = new Set<string>()
    for (const definition of own) {
      const sql = definitionSql(definition)
      if (!found.has(sql) && found.size >= maximum) continue
      if (!found.has(sql)) found.set(sql, definition)
      names.add(sql)
    }
    byQuestion.set(question, names)
  }
  return {definitions: [...found.values()], byQuestion}
}

/** The statements that the planner can plan, with their cost as things are. */
export async function costBefore(questions: readonly Question[], costs: Costs) {
  const planned: Question[] = []
  const unplannable: Unplannable[] = []
  for (const question of questions) {
    const reason = await plan(question, costs)
    if (reason === null) planned.push(question)
    else unplannable.push({statement: question.statement, reason})
  }
  return {planned, unplannable}
}

/** Null, or why the statement cannot be planned in any of its readings: the first one's reason. */
async function plan(question: Question, costs: Costs): Promise<string | null> {
  let reason: string | null = null
  for (const variants of [question.variants, ...question.otherwise]) {
    question.variants = variants
    try {
      question.before = await costs.of(question, [])
      return null
    } catch (error) {
      if (!(error instanceof PlanError)) throw error
      reason ??= error.message
    }
  }
  return reason
}

/** Which of the prepared candidates were made for a statement. */
export const preparedFor = (question: Question, {byQuestion}: Proposed, prepared: readonly PreparedIndex[]) =>
  prepared.filter(({definition}) => byQuestion.get(question)!.has(definitionSql(definition)))
