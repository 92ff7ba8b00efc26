import type {Node} from '../sql/scope.js'
import {type Operand, typeNameOf} from './expression.js'
import type {ParameterRole} from './reference.js'
import type {Sink} from './terms.js'

/** The constant below casts; null: something else. */
export function constantOf(node: Node | undefined): Node | null {
  if (node?.TypeCast) return constantOf((node.TypeCast as {arg: Node}).arg)
  return (node?.A_Const as Node | undefined) ?? null
}

/** The parameters of a value, with what they are compared to; inside a function other than these their type is unknown. */
export function addParameters(
  node: Node,
  role: ParameterRole,
  operand: Operand | null,
  sink: Sink,
  position = 0,
): void {
  const {TypeCast: cast, ParamRef: parameter, FuncCall: call, A_Expr: expression} = node as Record<string, Node>
  if (cast) {
    const isInterval = typeNameOf(cast) === 'interval'
    addParameters(cast.arg as Node, isInterval ? 'interval' : role, isInterval ? null : operand, sink, position)
  } else if (parameter) {
    const column = operand?.key.columns[0] ?? null
    const {number} = parameter as {number?: number}
    if (number === undefined) return
    sink.parameter({number, role, reference: operand?.reference ?? null, column, position})
  } else if (call && isCaseFold(call)) addParameters((call.args as Node[])[0]!, role, operand, sink, position)
  else if (expression) {
    for (const side of [expression.lexpr, expression.rexpr] as (Node | undefined)[]) {
      if (side?.TypeCast) addParameters(side, 'interval', null, intervalsOnly(sink))
    }
  }
}

/** Of `now() - $1::interval` only the interval is understood. */
const intervalsOnly = (sink: Sink): Sink => ({
  ...sink,
  parameter: use => {
    if (use.role === 'interval' && use.reference === null) sink.parameter(use)
  },
})

function isCaseFold(call: Node): boolean {
  const name = (call.funcname as {String: {sval: string}}[]).at(-1)!.String.sval
  return name === 'lower' || name === 'upper'
}
