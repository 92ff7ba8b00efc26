import type {IndexDefinition, PreparedIndex} from '../whatif/planner.js'
import type {Question} from './costs.js'
import type {Reference, Term} from './reference.js'

const known = new WeakMap<Question, Map<string, boolean>>()

/** Whether a plan of the statement could use the index; what is left out need not be planned with it. */
export function isRelevant({name, definition}: PreparedIndex, question: Question): boolean {
  const own = known.get(question) ?? new Map<string, boolean>()
  known.set(question, own)
  const found = own.get(name) ?? question.references.references.some(reference => serves(definition, reference))
  own.set(name, found)
  return found
}

/** It begins with something that the statement asks of the table, or holds all that it reads of it. */
function serves(definition: IndexDefinition, reference: Reference): boolean {
  const {table, needed, readsAll, isTarget} = reference
  if (table.schema !== definition.schema || table.name !== definition.table) return false
  const [first] = definition.keys
  if (definition.method !== 'btree' || first!.sql.startsWith('(')) return true
  const asked = askedOf(reference)
  if (asked.has(first!.sql)) return true
  // A predicate alone can be what the index is used for.
  if (definition.where !== null) return [...asked].some(sql => definition.where!.includes(sql))
  const held = new Set([...definition.keys.map(({sql}) => sql), ...definition.include.map(name => `"${name}"`)])
  return !readsAll && !isTarget && [...needed].every(name => held.has(`"${name}"`))
}

function askedOf({terms, arms, order, group, extremes}: Reference): Set<string> {
  const ofTerm = (term: Term) => {
    if (term.kind === 'filter') return [`"${term.column}"`]
    return (term.kind === 'keyset' ? term.keys : [term.key]).flatMap(columnsOf)
  }
  const keys = [...order, ...group, ...extremes]
  return new Set([...[...terms, ...arms.flat()].flatMap(ofTerm), ...keys.flatMap(columnsOf)])
}

const columnsOf = ({columns}: {columns: readonly string[]}) => columns.map(name => `"${name}"`)
