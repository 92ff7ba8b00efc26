import {hasPlan, isWrite, waitsByDesign} from '../derive/statement-text.js'
import {predicatesOf, shapeOf, type TableName, tablesOf} from '../sql/parse.js'
import type {Shape} from '../sql/shape.js'
import type {Kind} from './types.js'

/** What a text itself tells. */
export type Facts = {
  kind: Kind
  /** it has a plan, but no text that parses */
  isUnread: boolean
  waits: boolean
  tables: TableName[]
  shape: Shape | null
  /** names of columns by which it chooses rows */
  conditions: string[]
}

/** Without the parser, or where it refuses the text, only what the words tell. */
export function factsOf(text: string | null): Facts {
  const nothing = {isUnread: false, waits: false, tables: [], shape: null, conditions: []}
  if (text === null) return {kind: 'unknown', ...nothing}
  if (!hasPlan(text)) return {kind: 'utility', ...nothing}
  const {tables, shape, conditions} = parsed(text) ?? {tables: null, shape: null, conditions: []}
  return {
    kind: kindOf(text, tables, shape),
    isUnread: tables === null,
    waits: waitsByDesign(text),
    tables: tables ?? [],
    shape,
    conditions,
  }
}

function parsed(text: string) {
  try {
    const tables = tablesOf(text)
    return tables && {tables, shape: shapeOf(text), conditions: predicatesOf(text)?.columns ?? []}
  } catch {
    return null
  }
}

function kindOf(text: string, tables: readonly TableName[] | null, shape: Shape | null): Kind {
  if (isWrite(text)) return 'write'
  if (isCatalogRead(text, tables)) return 'catalog'
  const isAggregate = /\bGROUP\s+BY\b/i.test(text) || (shape !== null && shape.aggregate !== null)
  return isAggregate ? 'aggregate' : 'read'
}

/** Nothing but system catalogs, or their functions alone. */
function isCatalogRead(text: string, tables: readonly TableName[] | null): boolean {
  if (tables === null) return false
  const isCatalog = ({schema, name}: TableName) =>
    schema === 'pg_catalog' || schema === 'information_schema' || name.startsWith('pg_')
  return tables.every(isCatalog) && (tables.length > 0 || /\bpg_catalog\s*\./i.test(text))
}
