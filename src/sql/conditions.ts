import {type Node, resolve, type Scope} from './scope.js'
import type {Column, Shape} from './shape.js'
import {columnRef, isValue} from './target-list.js'

type Conditions = Pick<Shape, 'equals' | 'lists' | 'joins'>

/** What all chosen rows must fulfil: the AND-ed parts of WHERE and of the ON of inner joins. */
export function conditions(where: unknown, scope: Scope): Conditions {
  const found: Conditions = {equals: [], lists: [], joins: []}
  addConjuncts(where as Node | undefined, false, scope, found)
  for (const {node, isOuter} of scope.quals) addConjuncts(node as Node, isOuter, scope, found)
  return found
}

function addConjuncts(node: Node | undefined, isOuter: boolean, scope: Scope, found: Conditions): void {
  const both = node?.BoolExpr as {boolop: string; args: Node[]} | undefined
  if (both?.boolop === 'AND_EXPR') for (const part of both.args) addConjuncts(part, isOuter, scope, found)
  const comparison = node?.A_Expr as Node | undefined
  if (comparison && isEquality(comparison)) addEquality(comparison, isOuter, scope, found)
}

const isEquality = ({name}: Node): boolean => (name as {String: {sval: string}}[]).at(-1)?.String.sval === '='

/** The ON of an outer join chooses no rows of the left side, but it does say which columns belong together. */
function addEquality({kind, lexpr, rexpr}: Node, isOuter: boolean, scope: Scope, found: Conditions): void {
  const left = column(lexpr as Node, scope)
  const right = column(rexpr as Node, scope)
  if (left && right) found.joins.push([left, right])
  const one = left ?? right
  if (!one || (left && right) || isOuter) return
  const other = (left ? rexpr : lexpr) as Node
  if (kind === 'AEXPR_OP' && isValue(other)) found.equals.push(one)
  else if (kind === 'AEXPR_IN') (isOneValue(other) ? found.equals : found.lists).push(one)
  else if (kind === 'AEXPR_OP_ANY') found.lists.push(one)
}

function isOneValue(list: Node): boolean {
  const items = (list.List as {items?: Node[]} | undefined)?.items ?? []
  return items.length === 1 && isValue(items[0])
}

function column(node: Node | undefined, scope: Scope): Column | null {
  const reference = columnRef(node)
  const [first] = reference ? resolve(reference, scope) : []
  return first && first.name !== '*' ? first : null
}
