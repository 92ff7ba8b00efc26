import {treeOf} from '../sql/parse.js'
import {qualified, quoteIdent} from '../sql/quote.js'
import type {Node} from '../sql/scope.js'
import type {ColumnStatisticsText, TargetIndex, TargetSchema, TargetTable} from '../whatif/shadow/schema.js'
import {arrayElements} from './array.js'
import type {Catalog, Column, ExistingIndex, Table} from './catalog.js'
import {operandOf} from './expression.js'
import {newReference} from './reference.js'
import type {Scope} from './scope.js'

const PAGE = 8192
const DEFAULT_CACHE_PAGES = 524_288
/** What PostgreSQL takes for the width of a table that was never analyzed, in bytes a row. */
const UNKNOWN_ROW = 100

/** The advisor's view of what a shadow is built from. The SQL parser must be loaded. */
export function catalogOf({tables, extensions, locale, collations, settings}: TargetSchema): Catalog {
  const isC = (name: string | undefined) => ['C', 'POSIX', 'C.UTF-8', 'C.utf8'].includes(name ?? locale.collate)
  const ofCollation = (column: TargetTable['columns'][number]) => {
    const own = collations.find(
      ({schema, name}) => schema === column.collation?.schema && name === column.collation.name,
    )
    return isC(own?.collate ?? column.collation?.name)
  }
  return {
    extensions: extensions.map(({name}) => name),
    cachePages: Number(settings.effective_cache_size ?? DEFAULT_CACHE_PAGES),
    tables: tables.map(table => tableOf(table, ofCollation)),
  }
}

function tableOf(target: TargetTable, isC: (column: TargetTable['columns'][number]) => boolean): Table {
  const {schema, name, statistics} = target
  const {pages, relpages, reltuples, relallvisible} = statistics
  // As the planner does: the density of the last ANALYZE over the pages that there are now.
  const density = reltuples > 0 && relpages > 0 ? reltuples / relpages : PAGE / UNKNOWN_ROW
  const rows = Math.round(density * pages)
  const known = new Map<string, ColumnStatisticsText>()
  for (const each of statistics.columns) if (!known.has(each.name) || each.isInherited) known.set(each.name, each)
  const columns = target.columns.map(column => columnOf(column, isC(column), known.get(column.name), rows))
  const table: Table = {schema, name, rows, pages, allVisible: Math.min(relallvisible, pages), columns, indexes: []}
  table.indexes = target.indexes.flatMap(index => indexOf(index, target, table) ?? [])
  return table
}

function columnOf(
  {name, type, isNotNull}: {name: string; type: string; isNotNull: boolean},
  isCollationC: boolean,
  known: ColumnStatisticsText | undefined,
  rows: number,
): Column {
  const shares = arrayElements(known?.most_common_freqs).map(Number)
  const values = arrayElements(known?.most_common_vals)
  const distinct = known?.n_distinct === undefined ? null : Number(known.n_distinct)
  return {
    name,
    type: type.replace(/\(.*?\)/, ''),
    isCollationC,
    width: known?.avg_width === undefined ? null : Number(known.avg_width),
    nullFraction: Number(known?.null_frac ?? 0),
    isNullable: !isNotNull,
    distinct: distinct === null ? null : distinct < 0 ? Math.max(1, -distinct * rows) : distinct,
    common: values.length === shares.length ? values.map((value, at) => ({value, share: shares[at]!})) : [],
    histogram: arrayElements(known?.histogram_bounds),
    correlation: known?.correlation === undefined ? null : Number(known.correlation),
  }
}

/** An index as its CREATE INDEX says, or the constraint that makes it; null: the parser does not know its definition. */
function indexOf(index: TargetIndex, target: TargetTable, table: Table): ExistingIndex | null {
  const constraint = target.constraints.find(({name}) => name === index.name)
  const base = {
    schema: table.schema,
    name: index.name,
    method: index.method,
    bytes: index.statistics.pages * PAGE,
    isConstraint: constraint !== undefined,
  }
  const sql = index.sql ?? `ALTER TABLE ${qualified(table.schema, table.name)} ADD ${constraint?.definition ?? ''}`
  const statement = (treeOf(sql) as {stmt: Node}[] | null)?.[0]?.stmt
  const create = statement?.IndexStmt as IndexStmt | undefined
  if (!create) return {...base, ...ofConstraint(statement), isUnique: constraint?.kind !== 'exclusion'}
  const names = (create.indexIncludingParams ?? []).flatMap(({IndexElem}) => IndexElem.name ?? [])
  const scope: Scope = {
    sources: [{alias: table.name, reference: newReference(table), outputs: null}],
    ctes: new Map(),
    outer: null,
  }
  const where = create.whereClause ? predicateText(sql) : null
  const keys = (create.indexParams ?? []).map(({IndexElem}) => keyOf(IndexElem, scope))
  return {...base, isUnique: create.unique === true, include: names, predicate: where, keys}
}

type Elem = {name?: string; expr?: Node; ordering?: string; nulls_ordering?: string; opclass?: unknown[]}
type IndexStmt = {
  unique?: boolean
  indexParams?: {IndexElem: Elem}[]
  indexIncludingParams?: {IndexElem: Elem}[]
  whereClause?: Node
}

function keyOf(elem: Elem, scope: Scope): ExistingIndex['keys'][number] {
  const descending = elem.ordering === 'SORTBY_DESC'
  const nulls = elem.nulls_ordering ?? 'SORTBY_NULLS_DEFAULT'
  return {
    column: elem.name ?? null,
    sql: elem.name ? quoteIdent(elem.name) : (operandOf(elem.expr, scope)?.key.sql ?? '(?)'),
    descending,
    nullsFirst: nulls === 'SORTBY_NULLS_DEFAULT' ? descending : nulls === 'SORTBY_NULLS_FIRST',
    isDefaultOpclass: (elem.opclass ?? []).length === 0,
  }
}

/** What stands behind the last WHERE: pg_get_indexdef puts the predicate at the end. */
const predicateText = (sql: string) => sql.slice(sql.lastIndexOf(' WHERE ') + ' WHERE '.length)

function ofConstraint(statement: Node | undefined) {
  const [command] = ((statement?.AlterTableStmt as Node | undefined)?.cmds ?? []) as {AlterTableCmd: Node}[]
  const constraint = ((command?.AlterTableCmd.def as Node | undefined)?.Constraint ?? {}) as Record<string, unknown>
  const names = (field: string) =>
    ((constraint[field] ?? []) as {String: {sval: string}}[]).map(each => each.String.sval)
  const keys = names('keys').map(column => ({
    column,
    sql: quoteIdent(column),
    descending: false,
    nullsFirst: false,
    isDefaultOpclass: true,
  }))
  return {keys, include: names('including'), predicate: null}
}
