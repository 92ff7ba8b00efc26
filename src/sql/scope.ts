import type {Column, Relation} from './shape.js'
import {columnRef} from './target-list.js'

/** libpg_query's tree, walked without its types. */
export type Node = Record<string, unknown>

/** One name in FROM: a table, or a sub-query with what it returns; neither: a CTE or a function. */
export type Source = {alias: string; relation: Relation | null; outputs: Output[] | null}

/** FROM, read: its names, the tables below them, and the conditions of its joins. */
export type Scope = {sources: Source[]; relations: Relation[]; quals: {node: unknown; isOuter: boolean}[]}

/** One column of an answer: its name there, and the table's column that it is; null: computed. */
export type Output = {name: string; column: Column | null}

export function cteNames(select: Node): string[] {
  const ctes = ((select.withClause as Node | undefined)?.ctes ?? []) as {CommonTableExpr: {ctename: string}}[]
  return ctes.map(cte => cte.CommonTableExpr.ctename)
}

export function scopeOf(fromClause: unknown, ctes: readonly string[]): Scope {
  const scope: Scope = {sources: [], relations: [], quals: []}
  for (const item of (fromClause as Node[] | undefined) ?? []) addItem(item, false, ctes, scope)
  return scope
}

function addItem(item: Node, isOuter: boolean, ctes: readonly string[], scope: Scope): void {
  if (item.RangeVar) addTable(item.RangeVar as Node, ctes, scope)
  else if (item.JoinExpr) addJoin(item.JoinExpr as Node, isOuter, ctes, scope)
  else if (item.RangeSubselect) addSubselect(item.RangeSubselect as Node, ctes, scope)
}

const aliasOf = (node: Node): string | undefined => (node.alias as {aliasname?: string} | undefined)?.aliasname

function addTable(node: Node, ctes: readonly string[], scope: Scope): void {
  const name = node.relname as string
  const schema = (node.schemaname as string | undefined) || null
  const alias = aliasOf(node) ?? name
  const relation = schema === null && ctes.includes(name) ? null : {schema, name, alias}
  scope.sources.push({alias, relation, outputs: null})
  if (relation) scope.relations.push(relation)
}

function addJoin(node: Node, isOuter: boolean, ctes: readonly string[], scope: Scope): void {
  const outer = isOuter || node.jointype !== 'JOIN_INNER'
  addItem(node.larg as Node, outer, ctes, scope)
  const left = scope.sources.at(-1)
  addItem(node.rarg as Node, outer, ctes, scope)
  const right = scope.sources.at(-1)
  if (node.quals) scope.quals.push({node: node.quals, isOuter: outer})
  for (const name of (node.usingClause as {String: {sval: string}}[] | undefined) ?? []) {
    const of = (source: Source | undefined) => ({ColumnRef: {fields: [{String: {sval: source?.alias ?? ''}}, name]}})
    scope.quals.push({
      node: {A_Expr: {kind: 'AEXPR_OP', name: [{String: {sval: '='}}], lexpr: of(left), rexpr: of(right)}},
      isOuter: outer,
    })
  }
}

function addSubselect(node: Node, ctes: readonly string[], scope: Scope): void {
  const select = (node.subquery as {SelectStmt?: Node} | undefined)?.SelectStmt
  const alias = aliasOf(node) ?? ''
  if (!select) return
  const arm = (select.larg as Node | undefined) ?? select
  const inner = scopeOf(arm.fromClause, [...ctes, ...cteNames(select)])
  scope.sources.push({alias, relation: null, outputs: outputsOf(arm.targetList, inner)})
  scope.relations.push(...inner.relations)
}

/** The columns that a reference means: one, or for a sub-query's `*` all that it returns. */
export function resolve(fields: readonly Node[], scope: Scope): Column[] {
  const last = fields.at(-1)!
  const name = last.A_Star ? '*' : (last.String as {sval: string}).sval
  const qualifier = fields.length > 1 ? (fields.at(-2)!.String as {sval: string}).sval : null
  const found = scope.sources.filter(({alias}) => qualifier === null || alias === qualifier)
  if (name === '*') return found.flatMap(source => columnsOf(source, name))
  if (found.length === 1) return columnsOf(found[0]!, name)
  return qualifier === null && found.length > 1 ? [{relation: null, name}] : []
}

function columnsOf({relation, outputs}: Source, name: string): Column[] {
  if (relation) return [{relation, name}]
  const isIt = (output: Output) => name === '*' || output.name === name || output.name === '*'
  return (outputs ?? [])
    .filter(isIt)
    .flatMap(({column}) => (column ? [column.name === '*' && name !== '*' ? {...column, name} : column] : []))
}

export function outputsOf(targetList: unknown, scope: Scope): Output[] {
  return ((targetList as {ResTarget: Node}[] | undefined) ?? []).flatMap(({ResTarget: target}): Output[] => {
    const reference = columnRef(target.val as Node)
    if (!reference) return [{name: (target.name as string | undefined) ?? '', column: null}]
    return resolve(reference, scope).map(column => ({name: (target.name as string | undefined) ?? column.name, column}))
  })
}
