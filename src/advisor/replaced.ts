import type {IndexDefinition} from '../whatif/planner.js'
import type {ExistingIndex, Table} from './catalog.js'
import {indexKey, keySql} from './definition.js'

/** Existing indexes whose keys a new one begins with, and which nothing else needs: no constraint, no predicate. */
export function replacedBy({method, keys, include, where}: IndexDefinition, table: Table): ExistingIndex[] {
  if (method !== 'btree' || where !== null) return []
  const own = keys.map(keySql)
  const held = new Set([...keys.map(({sql}) => sql), ...include.map(name => `"${name}"`)])
  return table.indexes.filter(
    index =>
      index.method === 'btree' &&
      !index.isUnique &&
      !index.isConstraint &&
      index.predicate === null &&
      index.keys.length > 0 &&
      index.keys.every(
        (key, at) => key.isDefaultOpclass && keySql(indexKey({...key, columns: [], isExpression: false})) === own[at],
      ) &&
      index.include.every(name => held.has(`"${name}"`)),
  )
}
