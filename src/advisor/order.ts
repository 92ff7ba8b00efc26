import type {Node} from '../sql/scope.js'
import {columnRef} from '../sql/target-list.js'
import {operandOf} from './expression.js'
import {addParameters} from './parameters.js'
import type {Key, OrderKey, Reference} from './reference.js'
import type {Sink} from './terms.js'

/** ORDER BY, GROUP BY, DISTINCT, min() and max(), LIMIT. */
export function addOrder(select: Node, sink: Sink): void {
  const {sortClause, groupClause, distinctClause, limitCount, limitOffset} = select as Record<
    string,
    Node[] | undefined
  >
  if (limitCount) addParameters(limitCount as unknown as Node, 'limit', null, sink)
  if (limitOffset) addParameters(limitOffset as unknown as Node, 'offset', null, sink)
  const targets = ((select.targetList ?? []) as {ResTarget: Node}[]).map(each => each.ResTarget)
  const isLimited = limitCount !== undefined
  for (const {reference} of isLimited ? sink.scope.sources : []) if (reference) reference.isLimited = true
  const sorted = prefixOf(sortClause ?? [], item => orderKey(item.SortBy as Node, targets, sink))
  if (sorted) sorted.reference.order = sorted.keys
  const distinct = (distinctClause ?? []).filter(item => Object.keys(item).length > 0)
  const all = distinctClause && distinct.length === 0 ? targets.map(({val}) => val as Node) : distinct
  const grouped = prefixOf([...(groupClause ?? []), ...all], item => plainKey(item, targets, sink))
  if (grouped) grouped.reference.group = grouped.keys
  if (!groupClause) for (const {val} of targets) addExtreme(val as Node | undefined, sink)
}

type Found<K> = {reference: Reference; key: K}

/** The keys of the first table, until one is another's or none. */
function prefixOf<K>(items: readonly Node[], read: (item: Node) => Found<K> | null) {
  let reference: Reference | null = null
  const keys: K[] = []
  for (const item of items) {
    const found = read(item)
    if (!found || (reference && found.reference !== reference)) break
    reference = found.reference
    keys.push(found.key)
  }
  return reference && {reference, keys}
}

function plainKey(item: Node, targets: readonly Node[], sink: Sink): Found<Key> | null {
  const operand = operandOf(targetOf(item, targets) ?? item, sink.scope)
  return operand && {reference: operand.reference, key: operand.key}
}

/** ORDER BY 2, or by the name of an output. */
function targetOf(item: Node, targets: readonly Node[]): Node | undefined {
  const position = ((item.A_Const as Node | undefined)?.ival as {ival?: number} | undefined)?.ival
  if (position) return targets[position - 1]?.val as Node | undefined
  const fields = columnRef(item)
  const name = fields?.length === 1 ? (fields[0]!.String as {sval: string} | undefined)?.sval : undefined
  return name === undefined ? undefined : (targets.find(target => target.name === name)?.val as Node | undefined)
}

function orderKey(sort: Node, targets: readonly Node[], sink: Sink): Found<OrderKey> | null {
  const found = plainKey(sort.node as Node, targets, sink)
  if (!found) return null
  const descending = sort.sortby_dir === 'SORTBY_DESC'
  const nulls = sort.sortby_nulls
  const nullsFirst = nulls === 'SORTBY_NULLS_DEFAULT' || !nulls ? descending : nulls === 'SORTBY_NULLS_FIRST'
  return {reference: found.reference, key: {...found.key, descending, nullsFirst}}
}

/** min(x) and max(x) of a whole table are its first entry in an index; below COALESCE too. */
function addExtreme(node: Node | undefined, sink: Sink): void {
  const inner = (node?.CoalesceExpr as {args: Node[]} | undefined)?.args[0]
  if (inner) addExtreme(inner, sink)
  if (!node?.FuncCall) return
  const call = node.FuncCall as {funcname: {String: {sval: string}}[]; args?: Node[]; over?: unknown}
  const name = call.funcname.at(-1)!.String.sval
  const operand = (name === 'min' || name === 'max') && !call.over ? operandOf(call.args?.[0], sink.scope) : null
  if (operand) operand.reference.extremes.push({...operand.key, descending: false, nullsFirst: false})
}
