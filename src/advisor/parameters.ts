import type {Node} from '../sql/scope.js'
import {type Operand, typeNameOf} from './expression.js'
import type {ParameterRole, ParameterUse} from './reference.js'
import type {Sink} from './terms.js'

/** The constant below casts; null: something else. */
export function constantOf(node: Node | undefined): Node | null {
  if (node?.TypeCast) return constantOf((node.TypeCast as {arg: Node}).arg)
  return (node?.A_Const as Node | undefined) ?? null
}

/** Bits of an interval's fields, as the grammar keeps them. */
const UNITS: Record<number, string> = {2: 'month', 4: 'year', 8: 'day', 1024: 'hour', 2048: 'minute', 4096: 'second'}

type Place = {position: number; part?: ParameterUse['part']}
const ALONE: Place = {position: 0}

/** The parameters of a value, with what they are compared to; inside a function other than these their type is unknown. */
export function addParameters(
  node: Node,
  role: ParameterRole,
  operand: Operand | null,
  sink: Sink,
  place: Place = ALONE,
): void {
  const {TypeCast: cast, ParamRef: parameter, FuncCall: call, A_Expr: expression} = node as Record<string, Node>
  if (cast && isInterval(cast)) addInterval(cast, sink)
  else if (cast) addParameters(cast.arg as Node, role, operand, sink, place)
  else if (parameter) {
    const column = operand?.key.columns[0] ?? null
    const {number} = parameter as {number?: number}
    if (number !== undefined) sink.parameter({number, role, reference: operand?.reference ?? null, column, ...place})
  } else if (call && isCaseFold(call)) addParameters((call.args as Node[])[0]!, role, operand, sink, place)
  else if (expression && ['+', '-'].includes(operatorOf(expression))) addSum(expression, role, operand, sink)
}

const isInterval = (cast: Node | undefined) => cast !== undefined && typeNameOf(cast) === 'interval'
const operatorOf = ({name}: Node) => (name as {String: {sval: string}}[] | undefined)?.at(-1)?.String.sval ?? ''

function addInterval(cast: Node, sink: Sink): void {
  const {number} = ((cast.arg as Node).ParamRef ?? {}) as {number?: number}
  if (number === undefined) return
  const [mask] = ((cast.typeName as Node).typmods ?? []) as {A_Const?: {ival?: {ival?: number}}}[]
  const unit = UNITS[mask?.A_Const?.ival?.ival ?? 0] ?? null
  sink.parameter({number, role: 'interval', reference: null, column: null, position: 0, unit})
}

/** `$1::date + $2::interval`, `now() - $1::interval`, `$1 + $2`: the left side is the value, the right one shifts it. */
function addSum({lexpr, rexpr}: Node, role: ParameterRole, operand: Operand | null, sink: Sink): void {
  const [left, right] = [lexpr as Node | undefined, rexpr as Node | undefined]
  const shift = right?.TypeCast as Node | undefined
  if (left) addParameters(left, role, operand, sink, {position: 0, part: isInterval(shift) ? 'shifted' : 'operand'})
  if (shift && isInterval(shift)) addInterval(shift, sink)
  else if (right?.ParamRef && (left?.SQLValueFunction || !left?.FuncCall)) addParameters(right, 'number', null, sink)
}

function isCaseFold(call: Node): boolean {
  const name = (call.funcname as {String: {sval: string}}[]).at(-1)!.String.sval
  return name === 'lower' || name === 'upper'
}
