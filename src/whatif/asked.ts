import {type Catalog, findTable} from '../advisor/catalog.js'
import {usageError} from '../errors.js'
import {humanValue} from '../fix/values.js'
import type {Setting} from '../snapshot.js'
import {printSql, treeOf} from '../sql/parse.js'
import {qualified, quoteIdent} from '../sql/quote.js'
import type {Node} from '../sql/scope.js'
import {suggest} from '../suggest.js'
import type {IndexDefinition, IndexKey} from './planner.js'
import type {TargetIndex, TargetSchema, TargetTable} from './shadow/schema.js'

/** What a person asks "what if" about, checked against what there is. Each function throws CliError (exit 2). */

export type AskedSetting = {name: string; from: string; to: string}

/** Of those that are read for planning, the ones that choose no plan. */
const NO_CHOICE =
  /^(search_path|TimeZone|DateStyle|IntervalStyle|default_text_search_config|default_statistics_target)$/
const INDIRECT: Record<string, string> = {
  default_statistics_target: 'it changes what the next ANALYZE gathers, and plans only then',
  plan_cache_mode: 'it changes when a plan is made anew, not which one is',
}

/** `name=value` of settings that the planner of the target knows. `all`: the server's settings, null: not read. */
export function askedSettings(texts: readonly string[], schema: TargetSchema, all: Setting[] | null): AskedSetting[] {
  const found = new Map<string, AskedSetting>()
  for (const text of texts) {
    const match = /^\s*([\w.]+)\s*=\s*(.*?)\s*$/s.exec(text)
    if (!match) throw usageError(`--set ${text} is no setting`, 'give name=value, e.g. --set random_page_cost=1.1')
    const name = match[1]!.toLowerCase()
    const value = match[2]!.replace(/^'(.*)'$/s, '$1')
    if (found.has(name)) throw usageError(`--set ${name} is given twice`, 'give it once')
    const from = schema.settings[name]
    if (from === undefined || NO_CHOICE.test(name)) throw unknownSetting(name, schema, all)
    const unit = all?.find(setting => setting.name === name)?.unit ?? null
    found.set(name, {name, from: humanValue(from, unit), to: humanValue(value, unit)})
  }
  return [...found.values()]
}

function unknownSetting(name: string, {settings}: TargetSchema, all: Setting[] | null) {
  const known = Object.keys(settings).filter(each => !NO_CHOICE.test(each))
  const why = INDIRECT[name] ?? (all?.some(each => each.name === name) && 'the planner does not look at it')
  if (why) return usageError(`${name} changes no plan: ${why}`, 'e.g. random_page_cost, work_mem or enable_nestloop')
  return usageError(
    `the planner of this server has no setting ${JSON.stringify(name)}`,
    suggest(name, known, 'e.g. random_page_cost, work_mem or enable_nestloop'),
  )
}

const METHODS = ['btree', 'gin', 'gist', 'brin', 'hash'] as const

export type AskedIndex = {
  definition: IndexDefinition /** null: the statement has none */
  name: string | null
  isUnique: boolean
}

/** The index of a CREATE INDEX statement. The SQL parser must be loaded. */
export function askedIndex(sql: string, catalog: Catalog): AskedIndex {
  const bad = (what: string) => usageError(`--index ${JSON.stringify(sql)}: ${what}`, "e.g. 'CREATE INDEX ON t (a, b)'")
  const statements = treeOf(sql) as {stmt: Node}[] | null
  const create = statements?.length === 1 ? (statements[0]!.stmt.IndexStmt as IndexStmt | undefined) : undefined
  if (!create) throw bad('this is no CREATE INDEX')
  const {relation, indexIncludingParams = [], whereClause} = create
  const table = findTable(catalog, {schema: relation.schemaname ?? null, name: relation.relname})
  if (!table) {
    const names = catalog.tables.map(({name}) => name)
    throw usageError(
      `--index: there is no table ${JSON.stringify(relation.relname)}`,
      suggest(relation.relname, names, 'write it as schema.table'),
    )
  }
  const method = METHODS.find(each => each === create.accessMethod)
  if (!method) throw bad(`${create.accessMethod} is no kind of index that can be planned`)
  const definition = {
    schema: table.schema,
    table: table.name,
    method,
    keys: (create.indexParams ?? []).map(({IndexElem}) => keyOf(IndexElem)),
    include: indexIncludingParams.flatMap(({IndexElem}) => IndexElem.name ?? []),
    where: whereClause ? printSql(whereClause) : null,
  }
  return {definition, name: create.idxname ?? null, isUnique: create.unique === true}
}

type Words = {String: {sval: string}}[]
type Elem = {
  name?: string
  expr?: Node
  collation?: Words
  opclass?: Words
  ordering?: string
  nulls_ordering?: string
}
type IndexStmt = {
  idxname?: string
  relation: {schemaname?: string; relname: string}
  accessMethod: string
  unique?: boolean
  indexParams?: {IndexElem: Elem}[]
  indexIncludingParams?: {IndexElem: Elem}[]
  whereClause?: Node
}

const quoted = (words: Words) => words.map(({String: {sval}}) => quoteIdent(sval)).join('.')

function keyOf({name, expr, collation, opclass, ordering, nulls_ordering: nulls}: Elem): IndexKey {
  return {
    sql: name === undefined ? `(${printSql(expr)})` : quoteIdent(name),
    ...(collation ? {collation: quoted(collation)} : {}),
    ...(opclass ? {opclass: quoted(opclass)} : {}),
    ...(ordering === 'SORTBY_DESC' ? {order: 'DESC' as const} : {}),
    ...(nulls === 'SORTBY_NULLS_FIRST' ? {nulls: 'FIRST' as const} : {}),
    ...(nulls === 'SORTBY_NULLS_LAST' ? {nulls: 'LAST' as const} : {}),
  }
}

export type AskedDrop = {table: TargetTable; index: TargetIndex}

/** An existing index by its name, quoted or not, with its schema or without. */
export function askedDrop(name: string, {tables}: TargetSchema): AskedDrop {
  const all = tables.flatMap(table => table.indexes.map(index => ({table, index})))
  const names = ({table: {schema}, index}: AskedDrop) => [
    index.name,
    `${schema}.${index.name}`,
    quoteIdent(index.name),
    qualified(schema, index.name),
  ]
  const [found, ...others] = all.filter(each => names(each).includes(name))
  if (!found) {
    const near = suggest(
      name,
      all.map(({index}) => index.name),
      'see \\di in psql',
    )
    throw usageError(`--drop-index: there is no index ${JSON.stringify(name)}`, near)
  }
  if (others.length === 0) return found
  throw usageError(`--drop-index: there are ${others.length + 1} indexes ${JSON.stringify(name)}`, 'write schema.index')
}
