import {classify} from './classify.js'
import {type Predicates, predicates} from './predicates.js'
import {SQUASHED} from './redact.js'
import type {Shape} from './shape.js'

export type TableName = {schema: string | null; name: string}

type Node = Record<string, unknown>

/** libpg_query's tree, walked without its types: any object with a `relname` is a RangeVar. */
type Parse = (sql: string) => {stmts?: unknown}

let parseSync: Parse | null = null
let deparseSync: ((tree: never) => string) | null = null
type Facts = {tables: TableName[]; predicates: Predicates; shape: Shape}
const known = new Map<string, Facts | null>()

/** Loads the parser: about 70 ms of WebAssembly. A rule that parses says so by `parses`, and analyze.ts calls this. */
export async function loadParser(): Promise<void> {
  if (parseSync) return
  const parser = await import('pg-query-parser')
  await parser.loadModule()
  parseSync = parser.parseSync
  deparseSync = parser.deparseSync
}

/**
 * The relations that a statement names, each once, in the order of the text; CTEs are none. Names are as PostgreSQL
 * folds them; `schema` is null where the text has none. null: the text does not parse (cut short, or not SQL).
 * Parsed once per distinct text. Throws when the parser is not loaded.
 */
export const tablesOf = (sql: string): TableName[] | null => factsOf(sql)?.tables ?? null

/** The columns by which a statement chooses its rows, anywhere in it; null and errors as with tablesOf. */
export const predicatesOf = (sql: string): Predicates | null => factsOf(sql)?.predicates ?? null

/** What kind of question a statement asks; null and errors as with tablesOf. */
export const shapeOf = (sql: string): Shape | null => factsOf(sql)?.shape ?? null

/** libpg_query's tree of the text's statements, for those who walk it themselves; null and errors as with tablesOf. */
export function treeOf(sql: string): unknown {
  if (!parseSync) throw new Error('the SQL parser is not loaded')
  try {
    return parseSync(sql.replaceAll(SQUASHED, ', NULL')).stmts ?? null
  } catch {
    return null
  }
}

/** A node of a tree as SQL on one line. Throws when the parser is not loaded. */
export function printSql(node: unknown): string {
  if (!deparseSync) throw new Error('the SQL parser is not loaded')
  return deparseSync(node as never).replaceAll(/\s*\n\s*/g, ' ')
}

function factsOf(sql: string): Facts | null {
  if (!parseSync) throw new Error('the SQL parser is not loaded: declare `parses` in the rule')
  const cached = known.get(sql)
  if (cached !== undefined) return cached
  const facts = read(sql, parseSync)
  known.set(sql, facts)
  return facts
}

function read(sql: string, parse: Parse): Facts | null {
  try {
    // To the parser the mark of a list (PostgreSQL 18) is a comment, and the list one value.
    const {stmts} = parse(sql.replaceAll(SQUASHED, ', NULL'))
    return {tables: distinct(relations(stmts, [])), predicates: predicates(stmts), shape: classify(stmts)}
  } catch {
    // No SQL, or nested too deeply for one of the two stacks.
    return null
  }
}

/** Every RangeVar below `node`; `ctes` are the names that hide tables there. */
function relations(node: unknown, ctes: readonly string[]): TableName[] {
  if (Array.isArray(node)) return node.flatMap(item => relations(item, ctes))
  if (typeof node !== 'object' || node === null) return []
  const {relname, schemaname, withClause, lockedRels: _, ...rest} = node as Node
  const own = typeof relname === 'string' ? [{schema: (schemaname as string) || null, name: relname}] : []
  const visible = own.filter(({schema, name}) => schema !== null || !ctes.includes(name))
  const {found, names} = withQueries(withClause as Node | undefined, ctes)
  return [...visible, ...found, ...Object.values(rest).flatMap(child => relations(child, names))]
}

/** A CTE sees those before it; in WITH RECURSIVE all of them, itself included. */
function withQueries(clause: Node | undefined, outer: readonly string[]) {
  const queries = ((clause?.ctes ?? []) as {CommonTableExpr: Node}[]).map(cte => cte.CommonTableExpr)
  const names = [...outer, ...queries.map(query => query.ctename as string)]
  const found = queries.flatMap((query, position) =>
    relations(query.ctequery, clause?.recursive ? names : names.slice(0, outer.length + position)),
  )
  return {found, names}
}

function distinct(tables: TableName[]): TableName[] {
  const byKey = new Map(tables.map(table => [JSON.stringify([table.schema, table.name]), table]))
  return [...byKey.values()]
}
