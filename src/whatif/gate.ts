import {treeOf} from '../sql/parse.js'

/** What values may be made of: constants, their types, lists of them. */
const CONSTANT = new Set([
  'A_Const',
  'TypeCast',
  'TypeName',
  'A_ArrayExpr',
  'String',
  'Integer',
  'ResTarget',
  'SelectStmt',
])

type Statements = {stmt: Record<string, {intoClause?: unknown}>}[] | null

/**
 * Why a statement is not planned on the server itself; null: it may be. A text may hold anything, also the end of our
 * transaction and a second statement: only what the parser reads as one SELECT is sent, with constants for values.
 */
export function mayExplain(sql: string, values: readonly string[]): string | null {
  const statements = treeOf(sql) as Statements
  if (!statements) return 'it cannot be parsed'
  const select = statements.length === 1 ? statements[0]!.stmt.SelectStmt : undefined
  if (!select || select.intoClause) return 'only a single SELECT is planned on the server itself'
  return values.every(isConstant) ? null : 'a value is not a constant'
}

function isConstant(value: string): boolean {
  const statements = treeOf(`SELECT ${value}`) as Statements
  return statements?.length === 1 && nodesOf(statements[0]!.stmt).every(([name]) => CONSTANT.has(name))
}

/** All nodes of a tree with their names. */
function nodesOf(tree: unknown): [name: string, node: unknown][] {
  if (Array.isArray(tree)) return tree.flatMap(nodesOf)
  if (typeof tree !== 'object' || tree === null) return []
  const named = Object.entries(tree).filter(([key]) => /^[A-Z]/.test(key))
  return [...named, ...Object.values(tree).flatMap(nodesOf)]
}

/** The number of the last `$n`. */
export function parametersOf(sql: string): number {
  const references = nodesOf(treeOf(sql)).filter(([name]) => name === 'ParamRef')
  return Math.max(0, ...references.map(([, node]) => (node as {number?: number}).number ?? 0))
}
