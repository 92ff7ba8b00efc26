import {quoteIdent} from '../sql/quote.js'
import type {Node} from '../sql/scope.js'
import {columnRef, isValue} from '../sql/target-list.js'
import {comparison} from './comparison.js'
import {operandOf} from './expression.js'
import {filterShare} from './filter-share.js'
import type {ParameterUse, Reference, Term} from './reference.js'
import {bind, type Outputs, type Scope} from './scope.js'

/** Where terms are put: on their tables, or for an arm of an OR aside. */
export type Sink = {
  scope: Scope
  add(reference: Reference, term: Term): void
  parameter(use: ParameterUse): void
  /** what a sub-query that was walked already returns */
  outputsOf(select: Node): Outputs | null
}

/** Adds all that an index could serve in the AND-ed parts of a condition. */
export function addTerms(node: Node | undefined, sink: Sink): void {
  if (!node) return
  if (node.BoolExpr) addBoolean(node.BoolExpr as {boolop: string; args: Node[]}, sink)
  else if (node.A_Expr) comparison(node.A_Expr as Node, sink)
  else if (node.NullTest) addNullTest(node.NullTest as Node, sink)
  else if (node.BooleanTest) addBooleanTest(node.BooleanTest as Node, sink)
  else if (node.ColumnRef) addFlag(node, true, sink)
  else if (node.SubLink) addSubLink(node.SubLink as Node, sink)
}

function addBoolean({boolop, args}: {boolop: string; args: Node[]}, sink: Sink): void {
  if (boolop === 'AND_EXPR') for (const part of args) addTerms(part, sink)
  else if (boolop === 'OR_EXPR') addArms(args, sink)
  else if (args[0]?.ColumnRef) addFlag(args[0], false, sink)
}

/** An index serves an OR when each arm has one; so the arms are kept apart, per table. */
function addArms(arms: Node[], sink: Sink): void {
  for (const arm of arms) {
    const found = new Map<Reference, Term[]>()
    addTerms(arm, {
      ...sink,
      add: (reference, term) => found.set(reference, [...(found.get(reference) ?? []), term]),
    })
    for (const [reference, terms] of found) reference.arms.push(terms)
  }
}

/** `active`, `NOT deleted`: the index's predicate, or a key like any other. */
function addFlag(node: Node, isTrue: boolean, sink: Sink): void {
  const bound = bind(columnRef(node) ?? [], sink.scope)
  const operand = operandOf(node, sink.scope)
  if (!bound || !operand) return
  const sql = isTrue ? quoteIdent(bound.column) : `NOT ${quoteIdent(bound.column)}`
  const share = filterShare(bound, {kind: 'flag', isTrue})
  sink.add(bound.reference, {kind: 'filter', sql, column: bound.column, share})
  sink.add(bound.reference, {kind: 'equal', key: operand.key})
}

function addNullTest({arg, nulltesttype}: Node, sink: Sink): void {
  const operand = operandOf(arg as Node, sink.scope)
  if (!operand) return
  const isNull = nulltesttype === 'IS_NULL'
  const [column] = operand.key.columns
  const share = operand.key.isExpression
    ? null
    : filterShare({reference: operand.reference, column: column!}, {kind: 'null', isNull})
  const sql = `${operand.key.sql} IS ${isNull ? '' : 'NOT '}NULL`
  sink.add(operand.reference, {kind: 'filter', sql, column: column!, share})
  if (isNull) sink.add(operand.reference, {kind: 'equal', key: operand.key})
}

const FLAGS: Record<string, boolean> = {IS_TRUE: true, IS_FALSE: false, IS_NOT_TRUE: false, IS_NOT_FALSE: true}

function addBooleanTest({arg, booltesttype}: Node, sink: Sink): void {
  const isTrue = FLAGS[booltesttype as string]
  const bound = (arg as Node).ColumnRef ? bind(columnRef(arg as Node) ?? [], sink.scope) : null
  if (!bound || isTrue === undefined) return
  const sql = `${quoteIdent(bound.column)} ${(booltesttype as string).replaceAll('_', ' ')}`
  const share = filterShare(bound, {kind: 'flag', isTrue})
  sink.add(bound.reference, {kind: 'filter', sql, column: bound.column, share})
}

/** `x IN (SELECT y ...)` joins x with y; what stands inside the sub-query was read with it. */
function addSubLink({subLinkType, testexpr, subselect}: Node, sink: Sink): void {
  const test = testexpr as Node | undefined
  if (subLinkType !== 'ANY_SUBLINK' || !test || isValue(test)) return
  const operand = operandOf(test, sink.scope)
  if (operand) sink.add(operand.reference, {kind: 'join', key: operand.key})
  const [output] = sink.outputsOf((subselect as {SelectStmt: Node}).SelectStmt) ?? []
  if (!output?.bound) return
  const {reference, column} = output.bound
  reference.terms.push({kind: 'join', key: {sql: quoteIdent(column), columns: [column], isExpression: false}})
}
