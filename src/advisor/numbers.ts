import type {Node} from '../sql/scope.js'
import type {ParameterUse} from './reference.js'

const SUMS = new Set(['sum', 'avg'])
const ARITHMETIC = new Set(['+', '-', '*', '/', '%'])

/**
 * Parameters that were numbers in the text, where nothing else tells their type: `sum(CASE WHEN x THEN $1 ELSE $2 END)`
 * is no SQL for the server until one of them has a type.
 */
export function numericParameters(node: unknown, found: ParameterUse[] = []): ParameterUse[] {
  if (Array.isArray(node)) for (const item of node) numericParameters(item, found)
  if (typeof node !== 'object' || node === null || Array.isArray(node)) return found
  const {FuncCall: call, A_Expr: expression} = node as Record<string, Node | undefined>
  const results = call ? ofSum(call) : expression ? ofArithmetic(expression) : []
  found.push(
    ...results.map((number): ParameterUse => ({number, role: 'number', reference: null, column: null, position: 0})),
  )
  for (const child of Object.values(node)) numericParameters(child, found)
  return found
}

function ofSum({funcname, args}: Node): number[] {
  const name = (funcname as {String: {sval: string}}[]).at(-1)!.String.sval
  const [only] = (args ?? []) as Node[]
  return SUMS.has(name) && only && !only.ParamRef ? (resultsOf(only) ?? []) : []
}

/** With a parameter on both sides neither gives the other a type. */
function ofArithmetic({kind, name, lexpr, rexpr}: Node): number[] {
  const operator = (name as {String: {sval: string}}[] | undefined)?.at(-1)?.String.sval ?? ''
  if (kind !== 'AEXPR_OP' || !ARITHMETIC.has(operator)) return []
  const [left, right] = [resultsOf(lexpr as Node | undefined), resultsOf(rexpr as Node | undefined)]
  return left && right ? [...left, ...right] : []
}

/** The parameters that an expression returns, where it returns nothing else; null: it does. */
function resultsOf(node: Node | undefined): number[] | null {
  const {
    ParamRef: parameter,
    CaseExpr: choice,
    CoalesceExpr: coalesce,
    A_Const: constant,
  } = (node ?? {}) as Record<string, Node | undefined>
  if (parameter) return [(parameter as {number?: number}).number ?? 0]
  if (constant) return []
  const whens = ((choice?.args ?? []) as {CaseWhen: Node}[]).map(({CaseWhen}) => CaseWhen.result as Node)
  const parts = choice ? [...whens, ...(choice.defresult ? [choice.defresult as Node] : [])] : coalesce?.args
  const found = ((parts ?? []) as Node[]).map(resultsOf)
  return found.length === 0 || found.includes(null) ? null : found.flatMap(each => each!)
}
