import type {ForeignKey, Index, Section, Table} from '../../snapshot.js'
import type {Column, Relation} from '../../sql/shape.js'
import {inferReferences} from './naming.js'

export type KeyColumn = {schema: string; table: string; column: string}

/** Values of `from` are values of `to`: by a foreign key, or (not declared) by the names alone. */
export type Reference = {from: KeyColumn; to: KeyColumn; isDeclared: boolean}

export type TableColumns = {
  schema: string
  name: string
  columns: Set<string>
  /** each is unique by itself, or some reference goes to it */
  keys: Set<string>
  primaryKey: string | null
}

export type Schema = {
  /** The table that a statement means; an unqualified name is looked for in public first. */
  tableOf(relation: Relation): TableColumns | null
  /** The columns that a statement's column stands for: several for `*`, none when it cannot be told. */
  columnsOf(column: Column, among: readonly Relation[]): KeyColumn[]
  /** whether one value of it chooses one row: unique, or referred to */
  isKey(column: KeyColumn): boolean
  referencesFrom(column: KeyColumn): readonly Reference[]
  referencesTo(column: KeyColumn): readonly Reference[]
}

export const keyOf = ({schema, table, column}: KeyColumn): string => `${schema}\u0000${table}\u0000${column}`

export const sameTable = (a: Pick<KeyColumn, 'schema' | 'table'>, b: Pick<KeyColumn, 'schema' | 'table'>): boolean =>
  a.schema === b.schema && a.table === b.table

type Catalog = {tables: readonly Table[]; foreignKeys: readonly ForeignKey[]; indexes: Section<Index[]>}

/** Tables, their keys, and which columns refer to which: declared, and by naming where nothing is declared. */
export function schemaOf({tables, foreignKeys, indexes}: Catalog): Schema {
  const known = knownTables(tables, foreignKeys)
  for (const index of indexes.ok ? indexes.data : []) addKey(index, known)
  const declared = declaredReferences(foreignKeys)
  const taken = new Set(declared.map(({from}) => keyOf(from)))
  const inferred = inferReferences([...known.values()]).filter(({from}) => !taken.has(keyOf(from)))
  for (const {to} of [...declared, ...inferred]) known.get(`${to.schema}\u0000${to.table}`)?.keys.add(to.column)
  const from = groupBy([...declared, ...inferred], reference => keyOf(reference.from))
  const to = groupBy([...declared, ...inferred], reference => keyOf(reference.to))
  const tableOf = finder(known)
  return {
    tableOf,
    columnsOf: (column, among) => columnsOf(column, among, tableOf),
    isKey: ({schema, table, column}) => known.get(`${schema}\u0000${table}`)?.keys.has(column) ?? false,
    referencesFrom: column => from.get(keyOf(column)) ?? [],
    referencesTo: column => to.get(keyOf(column)) ?? [],
  }
}

function knownTables(tables: readonly Table[], foreignKeys: readonly ForeignKey[]): Map<string, TableColumns> {
  const known = new Map<string, TableColumns>()
  const add = (schema: string, name: string, columns: readonly string[]) => {
    const key = `${schema}\u0000${name}`
    const table = known.get(key) ?? {schema, name, columns: new Set(), keys: new Set(), primaryKey: null}
    for (const column of columns) table.columns.add(column)
    known.set(key, table)
  }
  for (const {schema, name, columnNames} of tables) add(schema, name, columnNames ?? [])
  for (const key of foreignKeys) {
    add(key.schema, key.table, key.columnNames)
    add(key.referencedSchema, key.referencedTable, key.referencedColumnNames)
  }
  return known
}

function addKey(
  {schema, table, keyNames, isUnique, isPrimary, predicate}: Index,
  known: Map<string, TableColumns>,
): void {
  const [name] = keyNames
  const owner = known.get(`${schema}\u0000${table}`)
  if (!owner || !isUnique || keyNames.length !== 1 || name === null || name === undefined || predicate !== null) return
  owner.keys.add(name)
  owner.columns.add(name)
  if (isPrimary) owner.primaryKey = name
}

/** Those of one column; a partition's copy says what its parent's says. */
function declaredReferences(foreignKeys: readonly ForeignKey[]): Reference[] {
  return foreignKeys
    .filter(({columnNames, referencedColumnNames}) => columnNames.length === 1 && referencedColumnNames.length === 1)
    .map(key => ({
      from: {schema: key.schema, table: key.table, column: key.columnNames[0]!},
      to: {schema: key.referencedSchema, table: key.referencedTable, column: key.referencedColumnNames[0]!},
      isDeclared: true,
    }))
}

function finder(known: Map<string, TableColumns>): Schema['tableOf'] {
  const byName = groupBy([...known.values()], ({name}) => name)
  return ({schema, name}) => {
    if (schema !== null) return known.get(`${schema}\u0000${name}`) ?? null
    const found = byName.get(name) ?? []
    return found.find(table => table.schema === 'public') ?? found[0] ?? null
  }
}

function columnsOf({relation, name}: Column, among: readonly Relation[], tableOf: Schema['tableOf']): KeyColumn[] {
  const table = relation ? tableOf(relation) : onlyOwner(name, among, tableOf)
  if (!table) return []
  const of = (column: string): KeyColumn => ({schema: table.schema, table: table.name, column})
  return name === '*' ? [...table.columns].map(of) : [of(name)]
}

function onlyOwner(name: string, among: readonly Relation[], tableOf: Schema['tableOf']): TableColumns | null {
  const owners = among.map(tableOf).filter(table => table?.columns.has(name))
  return owners.length === 1 ? owners[0]! : null
}

export function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const group = groups.get(keyOf(item))
    if (group) group.push(item)
    else groups.set(keyOf(item), [item])
  }
  return groups
}
