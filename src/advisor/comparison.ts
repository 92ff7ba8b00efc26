import type {Node} from '../sql/scope.js'
import {isValue} from '../sql/target-list.js'
import {fieldParameter, type Operand, operandOf, printConstant} from './expression.js'
import {filterShare} from './filter-share.js'
import {addParameters, constantOf} from './parameters.js'
import type {OrderKey, ParameterRole} from './reference.js'
import {referencesIn} from './scope.js'
import type {Sink} from './terms.js'

const FLIPPED: Record<string, string> = {'<': '>', '<=': '>=', '>': '<', '>=': '<=', '=': '=', '<>': '<>', '&&': '&&'}
const RANGES = new Set(['<', '<=', '>', '>='])
const CONTAINS = new Set(['@>', '<@', '&&', '?', '?|', '?&', '@@', '@?'])
const REGEXPS = new Set(['~', '~*', '%', '<%', '%>'])

/** One comparison, told by its operator. */
export function comparison({kind, name, lexpr, rexpr}: Node, sink: Sink): void {
  const operator = (name as {String: {sval: string}}[]).at(-1)!.String.sval
  const left = lexpr as Node
  const right = rexpr as Node
  if (kind === 'AEXPR_OP') addOperator(operator, left, right, sink)
  else if (kind === 'AEXPR_IN') addIn(operator, left, right, sink)
  else if (kind === 'AEXPR_OP_ANY' && operator === '=') addAny(left, right, sink)
  else if (kind === 'AEXPR_LIKE' || kind === 'AEXPR_ILIKE') addLike(operator, left, right, sink)
  else if (kind === 'AEXPR_BETWEEN') addBetween(left, right, sink)
}

function addOperator(operator: string, left: Node, right: Node, sink: Sink): void {
  if (left?.RowExpr && right?.RowExpr) {
    addRows(operator, left, right, sink)
    return
  }
  addSide(operator, left, right, sink)
  const flipped = FLIPPED[operator]
  if (flipped) addSide(flipped, right, left, sink)
}

/** What `own operator other` says of the table of `own`; the other side is constant for it, or another table's. */
function addSide(operator: string, own: Node, other: Node, sink: Sink): void {
  const operand = operandOf(own, sink.scope)
  if (!operand || !other) return
  const others = referencesIn(other, sink.scope)
  if (others.has(operand.reference)) return
  const {reference, key} = operand
  const number = fieldParameter(own.A_Expr as Node | undefined)
  if (number !== null) sink.parameter({number, role: 'field', reference, column: key.columns[0]!, position: 0})
  if (operator === '=') {
    sink.add(reference, {kind: others.size > 0 ? 'join' : 'equal', key})
    addParameters(other, 'equal', operand, sink)
    addConstant(operand, '=', other, sink)
  } else if (RANGES.has(operator)) {
    sink.add(reference, {kind: 'range', key})
    addParameters(other, operator.startsWith('<') ? 'upper' : 'lower', operand, sink)
  } else if (operator === '<>') addConstant(operand, '<>', other, sink)
  else if (CONTAINS.has(operator)) {
    sink.add(reference, {kind: 'contains', key, operator})
    if (operator === '@>' || operator === '&&') addParameters(other, 'contains', operand, sink)
  } else if (REGEXPS.has(operator)) sink.add(reference, {kind: 'trigram', key})
}

/** `status = 'open'`, `kind <> 'x'`: with the constant in the text they can be the predicate of a partial index. */
function addConstant({reference, key}: Operand, operator: '=' | '<>', other: Node, sink: Sink): void {
  const value = constantOf(other)
  const sql = value && printConstant(value)
  if (!sql || sql === 'NULL' || key.isExpression) return
  const bound = {reference, column: key.columns[0]!}
  const share = filterShare(bound, {kind: operator, values: [textOf(value)]})
  sink.add(reference, {kind: 'filter', sql: `${key.sql} ${operator} ${sql}`, column: bound.column, share})
}

const textOf = (constant: Node): string => {
  const {sval, ival, fval, boolval} = constant as Record<string, Node | undefined>
  if (boolval) return boolval.boolval ? 't' : 'f'
  return String(sval ? (sval.sval ?? '') : ival ? (ival.ival ?? 0) : (fval?.fval ?? ''))
}

function addIn(operator: string, left: Node, right: Node, sink: Sink): void {
  const operand = operandOf(left, sink.scope)
  const items = (right.List as {items: Node[]} | undefined)?.items ?? []
  if (!operand || items.some(item => referencesIn(item, sink.scope).has(operand.reference))) return
  const {reference, key} = operand
  if (operator === '=') sink.add(reference, {kind: items.length === 1 ? 'equal' : 'list', key})
  items.forEach((item, position) => {
    addParameters(item, items.length === 1 ? 'equal' : 'list', operand, sink, {position})
  })
  const constants = items.map(constantOf)
  const printed = constants.map(each => each && printConstant(each))
  if (key.isExpression || printed.some(text => !text)) return
  const values = constants.map(each => textOf(each!))
  const share = filterShare({reference, column: key.columns[0]!}, {kind: operator === '=' ? '=' : '<>', values})
  const sql = `${key.sql} ${operator === '=' ? 'IN' : 'NOT IN'} (${printed.join(', ')})`
  sink.add(reference, {kind: 'filter', sql, column: key.columns[0]!, share})
}

/** `x = ANY ($1)`; the other way round, `$1 = ANY (tags)`, no index serves it. */
function addAny(left: Node, right: Node, sink: Sink): void {
  const operand = operandOf(left, sink.scope)
  if (!operand || referencesIn(right, sink.scope).has(operand.reference)) return
  sink.add(operand.reference, {kind: 'list', key: operand.key})
  const array = right.A_ArrayExpr as {elements?: Node[]} | undefined
  if (!array) addParameters(right, 'array', operand, sink)
  for (const [position, item] of (array?.elements ?? []).entries()) {
    addParameters(item, 'list', operand, sink, {position})
  }
}

function addLike(operator: string, left: Node, right: Node, sink: Sink): void {
  const operand = operandOf(left, sink.scope)
  if (!operand || !['~~', '~~*'].includes(operator)) return
  const {reference, key} = operand
  const constant = constantOf(right)
  const pattern = constant ? textOf(constant) : null
  const isPrefix = operator === '~~' && (pattern === null || /^[^%_]/.test(pattern))
  if (isPrefix) sink.add(reference, {kind: 'prefix', key})
  if (!isPrefix || pattern === null) sink.add(reference, {kind: 'trigram', key})
  // What UPPER(x) is compared with is a word of a search page; a plain LIKE more often the beginning of a code.
  const role: ParameterRole = operator === '~~' && !key.isExpression ? 'prefix' : 'infix'
  addParameters(right, role, operand, sink)
}

function addBetween(left: Node, right: Node, sink: Sink): void {
  const operand = operandOf(left, sink.scope)
  const [from, to] = (right.List as {items: Node[]} | undefined)?.items ?? []
  if (!operand || !from || !to) return
  sink.add(operand.reference, {kind: 'range', key: operand.key})
  addParameters(from, 'lower', operand, sink)
  addParameters(to, 'upper', operand, sink)
}

/** (a, b) < ($1, $2): the next page of a list. */
function addRows(operator: string, left: Node, right: Node, sink: Sink): void {
  const own = (left.RowExpr as {args: Node[]}).args
  const others = (right.RowExpr as {args: Node[]}).args
  if (operator === '=') {
    for (const [at, each] of own.entries()) addOperator('=', each, others[at]!, sink)
  }
  if (!RANGES.has(operator) || !others.every(other => isValue(other))) return
  const operands = own.map(each => operandOf(each, sink.scope))
  const reference = operands[0]?.reference
  if (!reference || operands.some(each => each?.reference !== reference)) return
  const descending = operator.startsWith('<')
  const keys: OrderKey[] = operands.map(each => ({...each!.key, descending, nullsFirst: descending}))
  sink.add(reference, {kind: 'keyset', keys})
  operands.forEach((each, at) => {
    addParameters(others[at]!, descending ? 'upper' : 'lower', each!, sink)
  })
}
