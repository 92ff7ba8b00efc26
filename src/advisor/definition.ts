import {qualified, quoteIdent} from '../sql/quote.js'
import type {IndexDefinition, IndexKey} from '../whatif/planner.js'
import type {ExistingIndex, Table} from './catalog.js'
import type {Key, OrderKey} from './reference.js'

/** `"public"."t" USING btree ("a", "b" DESC) INCLUDE ("c") WHERE x`: what makes two definitions the same. */
export function definitionSql({schema, table, method, keys, include, where}: IndexDefinition): string {
  const included = include.length > 0 ? ` INCLUDE (${include.map(quoteIdent).join(', ')})` : ''
  const predicate = where === null ? '' : ` WHERE ${where}`
  return `${qualified(schema, table)} USING ${method} (${keys.map(keySql).join(', ')})${included}${predicate}`
}

export function keySql({sql, collation, opclass, order, nulls}: IndexKey): string {
  const parts = [sql, collation && `COLLATE ${collation}`, opclass, order, nulls && `NULLS ${nulls}`]
  return parts.filter(Boolean).join(' ')
}

/** Ascending with NULLs last, and descending with NULLs first, are what PostgreSQL means when nothing is said. */
export function indexKey(key: Key | OrderKey, opclass?: string): IndexKey {
  const {descending, nullsFirst} = 'descending' in key ? key : {descending: false, nullsFirst: false}
  return {
    sql: key.sql,
    ...(opclass ? {opclass} : {}),
    ...(descending ? {order: 'DESC' as const} : {}),
    ...(nullsFirst === descending ? {} : {nulls: nullsFirst ? ('FIRST' as const) : ('LAST' as const)}),
  }
}

/** The same in the order in which the index is read backwards. */
const backwards = ({order, nulls, ...key}: IndexKey): IndexKey => {
  const descending = order !== 'DESC'
  const nullsFirst = nulls === undefined ? order !== 'DESC' : nulls !== 'FIRST'
  return indexKey({...key, columns: [], isExpression: false, descending, nullsFirst}, key.opclass)
}

const existingKey = ({sql, descending, nullsFirst}: ExistingIndex['keys'][number]) =>
  keySql(indexKey({sql, columns: [], isExpression: false, descending, nullsFirst}))

/** An existing b-tree that begins with these keys, read forwards or backwards, and holds as many columns besides. */
export function servedBy(definition: IndexDefinition, table: Table): ExistingIndex | null {
  const {method, keys, include, where} = definition
  if (method !== 'btree' || keys.some(({opclass}) => opclass)) return null
  const ways = [keys.map(keySql), keys.map(key => keySql(backwards(key)))]
  const fits = (index: ExistingIndex) => {
    const own = index.keys.map(existingKey)
    const held = new Set([...index.include, ...index.keys.flatMap(({column}) => column ?? [])])
    return (
      index.method === 'btree' &&
      (index.predicate === null || index.predicate === where) &&
      index.keys.every(({isDefaultOpclass}, at) => isDefaultOpclass || at >= keys.length) &&
      ways.some(way => way.every((key, at) => key === own[at])) &&
      include.every(name => held.has(name))
    )
  }
  const found = table.indexes.find(fits)
  return found ?? uniquePrefix(keys, table)
}

/** Behind the columns of a unique key nothing more is told apart. */
function uniquePrefix(keys: readonly IndexKey[], table: Table): ExistingIndex | null {
  const isPrefix = (index: ExistingIndex) =>
    index.isUnique && index.predicate === null && index.keys.every(({sql}, at) => sql === keys[at]?.sql)
  return table.indexes.find(index => index.keys.length > 0 && isPrefix(index)) ?? null
}
