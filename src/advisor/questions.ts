import {treeOf} from '../sql/parse.js'
import {type IndexDefinition, PlanError, type PreparedIndex} from '../whatif/planner.js'
import {candidatesOf} from './candidates.js'
import type {Catalog} from './catalog.js'
import type {Costs, Question, WorkloadStatement} from './costs.js'
import {definitionSql} from './definition.js'
import {referencesOf} from './references.js'
import {repaired, variantsOf} from './values.js'

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
      questions.push({
        statement,
        references,
        tables,
        variants: statement.samples ?? variantsOf(sql, references.parameters),
        before: 0,
      })
    }
  }
  return {questions, unplannable}
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
    try {
      question.before = await costs.of(question, [])
      planned.push(question)
    } catch (error) {
      if (!(error instanceof PlanError)) throw error
      unplannable.push({statement: question.statement, reason: error.message})
    }
  }
  return {planned, unplannable}
}

/** Which of the prepared candidates were made for a statement. */
export const preparedFor = (question: Question, {byQuestion}: Proposed, prepared: readonly PreparedIndex[]) =>
  prepared.filter(({definition}) => byQuestion.get(question)!.has(definitionSql(definition)))
