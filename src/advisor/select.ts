import {quoteIdent} from '../sql/quote.js'
import type {Node} from '../sql/scope.js'
import {columnRef} from '../sql/target-list.js'
import {type Catalog, findTable} from './catalog.js'
import {addOrder} from './order.js'
import {newReference, type StatementReferences} from './reference.js'
import {bind, findCte, newScope, type Outputs, type Scope, type Source, starSources} from './scope.js'
import {addTerms} from './terms.js'
import {sinkOf, visit} from './visit.js'

export type Walk = StatementReferences & {
  catalog: Catalog
  /** SELECTs that were walked, with what they return */
  walked: Map<Node, Outputs>
}

/** Reads a SELECT with all below it, and tells what it returns. */
export function walkSelect(select: Node, outer: Scope | null, walk: Walk): Outputs {
  const known = walk.walked.get(select)
  if (known) return known
  const scope = newScope(outer)
  walkCtes(select, scope, walk)
  const outputs = select.larg ? walkArms(select, scope, walk) : walkPlain(select, scope, walk)
  walk.walked.set(select, outputs)
  return outputs
}

/** UNION and such: a column that comes from several tables is no single column any more. */
function walkArms(select: Node, scope: Scope, walk: Walk): Outputs {
  const left = walkSelect(select.larg as Node, scope, walk)
  walkSelect(select.rarg as Node, scope, walk)
  return left.map(({name}) => ({name, bound: null}))
}

function walkPlain(select: Node, scope: Scope, walk: Walk): Outputs {
  const quals: Node[] = []
  for (const item of (select.fromClause ?? []) as Node[]) addSource(item, scope, quals, walk)
  for (const source of scope.sources) if (source.reference) walk.references.push(source.reference)
  const {targetList, whereClause, havingClause, groupClause, sortClause, distinctClause} = select
  for (const part of [targetList, whereClause, havingClause, groupClause, sortClause, distinctClause, quals]) {
    visit(part, scope, walk)
  }
  const sink = sinkOf(scope, walk)
  for (const condition of [whereClause as Node | undefined, ...quals]) addTerms(condition, sink)
  addOrder(select, sink)
  return outputsOf(targetList, scope)
}

export function walkCtes(node: Node, scope: Scope, walk: Walk): void {
  const clause = node.withClause as {ctes?: {CommonTableExpr: Node}[]} | undefined
  for (const {CommonTableExpr: cte} of clause?.ctes ?? []) {
    const select = (cte.ctequery as {SelectStmt?: Node} | undefined)?.SelectStmt
    const name = cte.ctename as string
    // A recursive one sees itself: there its name is no table.
    scope.ctes.set(name, [])
    const names = ((cte.aliascolnames ?? []) as {String: {sval: string}}[]).map(each => each.String.sval)
    if (select) scope.ctes.set(name, renamed(walkSelect(select, scope, walk), names))
  }
}

const renamed = (outputs: Outputs, names: readonly string[]): Outputs =>
  outputs.map((output, at) => ({...output, name: names[at] ?? output.name}))

/** An item of FROM; the conditions of its joins are put to `quals`. */
export function addSource(item: Node, scope: Scope, quals: Node[], walk: Walk): void {
  if (item.RangeVar) scope.sources.push(tableSource(item.RangeVar as Node, scope, walk))
  else if (item.RangeSubselect) {
    const {subquery, alias} = item.RangeSubselect as {subquery: {SelectStmt?: Node}; alias?: Alias}
    // A LATERAL one sees what stands before it; the others must not refer to it, so that it does no harm.
    const outputs = subquery.SelectStmt
      ? walkSelect(subquery.SelectStmt, {...scope, sources: [...scope.sources]}, walk)
      : []
    const names = (alias?.colnames ?? []).map(each => each.String.sval)
    scope.sources.push({alias: alias?.aliasname ?? '', reference: null, outputs: renamed(outputs, names)})
  } else if (item.JoinExpr) addJoin(item.JoinExpr as Node, scope, quals, walk)
}

type Alias = {aliasname: string; colnames?: {String: {sval: string}}[]}

function tableSource(node: Node, scope: Scope, walk: Walk): Source {
  const {relname, schemaname, alias} = node as {relname: string; schemaname?: string; alias?: Alias}
  const name = alias?.aliasname ?? relname
  const outputs = schemaname ? null : findCte(scope, relname)
  if (outputs) return {alias: name, reference: null, outputs}
  const table = findTable(walk.catalog, {schema: schemaname || null, name: relname})
  return {alias: name, reference: table && newReference(table), outputs: null}
}

function addJoin({larg, rarg, quals: on, usingClause}: Node, scope: Scope, quals: Node[], walk: Walk): void {
  addSource(larg as Node, scope, quals, walk)
  const left = [...scope.sources]
  addSource(rarg as Node, scope, quals, walk)
  const right = scope.sources.slice(left.length)
  if (on) quals.push(on as Node)
  for (const part of (usingClause as Node[] | undefined) ?? []) addUsing(part, left, right, scope)
}

function addUsing(part: Node, left: Source[], right: Source[], scope: Scope): void {
  for (const sources of [left, right]) {
    const bound = bind([part], {...scope, sources, outer: null})
    if (!bound) continue
    const {column, reference} = bound
    reference.needed.add(column)
    reference.terms.push({kind: 'join', key: {sql: quoteIdent(column), columns: [column], isExpression: false}})
  }
}

function outputsOf(targetList: unknown, scope: Scope): Outputs {
  return ((targetList ?? []) as {ResTarget: Node}[]).flatMap(({ResTarget: target}): Outputs => {
    const fields = columnRef(target.val as Node)
    if (fields?.at(-1)?.A_Star) return starSources(fields, scope).flatMap(starOutputs)
    const bound = fields && bind(fields, scope)
    return [{name: (target.name as string | undefined) ?? bound?.column ?? '', bound}]
  })
}

const starOutputs = ({reference, outputs}: Source): Outputs =>
  outputs ?? reference?.table.columns.map(({name}) => ({name, bound: {reference, column: name}})) ?? []
