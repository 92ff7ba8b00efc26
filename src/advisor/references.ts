import type {Node} from '../sql/scope.js'
import type {Catalog} from './catalog.js'
import {findTable} from './catalog.js'
import {newReference, type Reference, type StatementReferences, type Write} from './reference.js'
import {newScope, type Scope} from './scope.js'
import {addSource, type Walk, walkCtes, walkSelect} from './select.js'
import {addTerms} from './terms.js'
import {sinkOf, visit} from './visit.js'

/**
 * The tables that a statement reads, each with what decides how it can be read; `stmts` is libpg_query's tree.
 * Tables that the catalog does not know are left out.
 */
export function referencesOf(stmts: unknown, catalog: Catalog): StatementReferences {
  const walk: Walk = {catalog, references: [], parameters: [], writes: [], walked: new Map()}
  const first = ((stmts as {stmt?: Node}[] | undefined) ?? [])[0]?.stmt ?? {}
  const statement = (first.ExplainStmt as {query?: Node} | undefined)?.query ?? first
  if (statement.SelectStmt) walkSelect(statement.SelectStmt as Node, null, walk)
  else if (statement.UpdateStmt) walkWrite(statement.UpdateStmt as Node, 'update', walk)
  else if (statement.DeleteStmt) walkWrite(statement.DeleteStmt as Node, 'delete', walk)
  else if (statement.InsertStmt) walkInsert(statement.InsertStmt as Node, walk)
  const {references, parameters, writes} = walk
  return {references, parameters, writes}
}

function targetOf(node: Node, kind: Write['kind'], scope: Scope, walk: Walk): Reference | null {
  const {relname, schemaname, alias} = node as {relname: string; schemaname?: string; alias?: {aliasname: string}}
  const table = findTable(walk.catalog, {schema: schemaname || null, name: relname})
  if (!table) return null
  const reference = newReference(table, true)
  walk.writes.push({table, kind, columns: []})
  scope.sources.push({alias: alias?.aliasname ?? relname, reference, outputs: null})
  return reference
}

function walkWrite(node: Node, kind: 'update' | 'delete', walk: Walk): void {
  const scope = newScope(null)
  walkCtes(node, scope, walk)
  const target = targetOf(node.relation as Node, kind, scope, walk)
  if (target) walk.references.push(target)
  const columns = ((node.targetList ?? []) as {ResTarget: {name?: string}}[]).flatMap(
    ({ResTarget}) => ResTarget.name ?? [],
  )
  walk.writes.at(-1)?.columns.push(...(target ? columns : []))
  const quals: Node[] = []
  for (const item of (node.fromClause ?? node.usingClause ?? []) as Node[]) addSource(item, scope, quals, walk)
  for (const {reference} of scope.sources) if (reference && reference !== target) walk.references.push(reference)
  for (const part of [node.targetList, node.whereClause, node.returningList, quals]) visit(part, scope, walk)
  for (const condition of [node.whereClause as Node | undefined, ...quals]) addTerms(condition, sinkOf(scope, walk))
}

function walkInsert(node: Node, walk: Walk): void {
  const scope = newScope(null)
  walkCtes(node, scope, walk)
  targetOf(node.relation as Node, 'insert', scope, walk)
  const inner = {...scope, sources: []}
  const source = (node.selectStmt as {SelectStmt?: Node} | undefined)?.SelectStmt
  if (source && !source.valuesLists) walkSelect(source, inner, walk)
}
