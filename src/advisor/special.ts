import type {IndexDefinition} from '../whatif/planner.js'
import {columnOf} from './catalog.js'
import {indexKey} from './definition.js'
import type {Key, Reference} from './reference.js'

/** A BRIN index pays where rows that are neighbours in value are neighbours on disk, and only on large tables. */
const MIN_CORRELATION = 0.95
const MIN_BRIN_PAGES = 10_000

const CONTAINS_JSON = new Set(['@>', '@?', '@@'])

/** GIN and BRIN, where the operator or the order of the rows calls for them. */
export function specialCandidates(reference: Reference, extensions: readonly string[]): IndexDefinition[] {
  const {table} = reference
  const make = (method: 'gin' | 'brin', key: Key, opclass?: string): IndexDefinition => ({
    schema: table.schema,
    table: table.name,
    method,
    keys: [indexKey(key, opclass)],
    include: [],
    where: null,
  })
  const exists = (definition: IndexDefinition) =>
    table.indexes.some(({method, keys}) => method === definition.method && keys[0]?.sql === definition.keys[0]!.sql)
  const terms = [...reference.terms, ...reference.arms.flat()]
  const found = terms.flatMap(term => {
    const column = 'key' in term ? columnOf(table, term.key.columns[0]!) : undefined
    if (term.kind === 'contains') return [make('gin', term.key, opclassOf(column?.type, term.key, term.operator))]
    if (term.kind === 'trigram') return extensions.includes('pg_trgm') ? [make('gin', term.key, 'gin_trgm_ops')] : []
    if (term.kind !== 'range' || term.key.isExpression || table.pages < MIN_BRIN_PAGES) return []
    return Math.abs(column?.correlation ?? 0) > MIN_CORRELATION ? [make('brin', term.key)] : []
  })
  const distinct = new Map(found.map(each => [`${each.method} ${each.keys[0]!.sql}`, each]))
  return [...distinct.values()].filter(each => !exists(each))
}

/** jsonb_path_ops is smaller and faster, but knows containment only. */
const opclassOf = (type: string | undefined, key: Key, operator: string) =>
  type === 'jsonb' && !key.isExpression && CONTAINS_JSON.has(operator) ? 'jsonb_path_ops' : undefined
