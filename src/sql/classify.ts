import {conditions} from './conditions.js'
import {cteNames, type Node, outputsOf, scopeOf} from './scope.js'
import type {Shape} from './shape.js'
import {aggregateOf} from './target-list.js'

const KINDS: Record<string, Shape['kind']> = {
  SelectStmt: 'select',
  InsertStmt: 'insert',
  UpdateStmt: 'update',
  DeleteStmt: 'delete',
  MergeStmt: 'merge',
}

const NOTHING = {
  locks: false,
  relations: [],
  targets: [],
  aggregate: null,
  equals: [],
  lists: [],
  joins: [],
  hasLimit: false,
}

/** The shape of the first statement of libpg_query's tree; a SELECT is looked into, of the rest only the kind is told. */
export function classify(stmts: unknown): Shape {
  const first = ((stmts as {stmt?: Node}[] | undefined) ?? [])[0]?.stmt ?? {}
  const [name = ''] = Object.keys(first)
  const kind = KINDS[name] ?? 'utility'
  if (kind !== 'select') return {kind, ...NOTHING}
  return {kind, ...shapeOfSelect(first[name] as Node, [])}
}

type SelectShape = Omit<Shape, 'kind'>

function shapeOfSelect(select: Node, ctes: readonly string[]): SelectShape {
  const names = [...ctes, ...cteNames(select)]
  // The arms of a UNION return the same columns; what they choose by is not one look-up.
  if (select.larg) return {...shapeOfSelect(select.larg as Node, names), equals: [], aggregate: null}
  const inner = wrapped(select)
  if (inner) {
    const shape = shapeOfSelect(inner.select, names)
    return {...shape, aggregate: inner.aggregate, targets: []}
  }
  const scope = scopeOf(select.fromClause, names)
  return {
    locks: select.lockingClause !== undefined,
    relations: scope.relations,
    targets: outputsOf(select.targetList, scope).flatMap(({column}) => (column ? [column] : [])),
    aggregate: select.groupClause === undefined ? aggregateOf(select.targetList) : null,
    ...conditions(select.whereClause, scope),
    hasLimit: select.limitCount !== undefined,
  }
}

/** `SELECT EXISTS (SELECT ...)`, `SELECT 1 WHERE EXISTS (...)` and `SELECT COUNT(*) FROM (SELECT ...)` ask the inner one. */
function wrapped(select: Node): {select: Node; aggregate: Shape['aggregate']} | null {
  const from = (select.fromClause as Node[] | undefined) ?? []
  const [target] = (select.targetList as {ResTarget: {val: Node}}[] | undefined) ?? []
  const exists = existsIn(from.length === 0 ? target?.ResTarget.val : undefined) ?? existsIn(select.whereClause)
  if (exists && from.every(isDual)) return {select: exists, aggregate: 'exists'}
  const sub =
    from.length === 1 ? ((from[0]!.RangeSubselect as Node | undefined)?.subquery as Node | undefined) : undefined
  const aggregate = aggregateOf(select.targetList)
  if (!sub?.SelectStmt || !aggregate || select.groupClause || select.whereClause) return null
  return {select: sub.SelectStmt as Node, aggregate}
}

function existsIn(node: unknown): Node | null {
  const link = (node as Node | undefined)?.SubLink as Node | undefined
  if (link?.subLinkType !== 'EXISTS_SUBLINK') return null
  return ((link.subselect as Node | undefined)?.SelectStmt as Node | undefined) ?? null
}

/** A sub-query without tables, which some ORMs need for a FROM. */
const isDual = (item: Node): boolean => {
  const sub = ((item.RangeSubselect as Node | undefined)?.subquery as Node | undefined)?.SelectStmt as Node | undefined
  return sub !== undefined && sub.fromClause === undefined
}
