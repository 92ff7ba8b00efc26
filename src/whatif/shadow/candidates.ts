import {qualified, quoteIdent} from '../../sql/quote.js'
import type {IndexDefinition} from '../planner.js'
import type {Step} from './steps.js'

export type CandidateStep = Step & {definition: IndexDefinition; name: string}

/** CREATE INDEX for a definition; without a name the server chooses one. */
export function createIndex(definition: IndexDefinition, name?: string): string {
  const {schema, table, method, keys, include, where} = definition
  const list = keys.map(({sql, collation, opclass, order, nulls}) =>
    [sql, collation && `COLLATE ${collation}`, opclass, order, nulls && `NULLS ${nulls}`].filter(Boolean).join(' '),
  )
  const covered = include.length > 0 ? ` INCLUDE (${include.map(quoteIdent).join(', ')})` : ''
  const partial = where === null ? '' : ` WHERE ${where}`
  const named = name === undefined ? '' : ` ${quoteIdent(name)}`
  return `CREATE INDEX${named} ON ${qualified(schema, table)} USING ${method} (${list.join(', ')})${covered}${partial}`
}

export function candidateSteps(definitions: readonly IndexDefinition[], firstNumber: number): CandidateStep[] {
  return definitions.map((definition, i) => {
    const name = `ahsp_db_candidate_${firstNumber + i}`
    return {label: name, sql: [createIndex(definition, name)], definition, name}
  })
}
