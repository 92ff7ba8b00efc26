import type {Node} from './scope.js'
import type {Shape} from './shape.js'

/** The name's parts of a column, also of one that is cast; null: something else. */
export function columnRef(node: Node | undefined): Node[] | null {
  const bare = (node?.TypeCast as {arg: Node} | undefined)?.arg ?? node
  return (bare?.ColumnRef as {fields: Node[]} | undefined)?.fields ?? null
}

/** A parameter or constant, also one that is cast. */
export function isValue(node: Node | undefined): boolean {
  if (!node) return false
  if (node.TypeCast) return isValue((node.TypeCast as {arg: Node}).arg)
  return node.ParamRef !== undefined || node.A_Const !== undefined
}

const AGGREGATES = new Set([
  ...['count', 'sum', 'avg', 'min', 'max', 'bool_and', 'bool_or', 'every', 'array_agg', 'string_agg', 'json_agg'],
  ...['jsonb_agg', 'stddev', 'variance', 'bit_and', 'bit_or'],
])

/** Aggregates only, or constants only (which is how ORMs ask whether there is a row); `other` has a SUM or MAX in it. */
export function aggregateOf(targetList: unknown): Shape['aggregate'] {
  const values = ((targetList as {ResTarget: {val?: Node}}[] | undefined) ?? []).map(({ResTarget}) => ResTarget.val)
  if (values.length === 0) return null
  if (values.every(isValue)) return 'exists'
  const names = values.map(aggregateName)
  if (names.includes(null)) return null
  return names.every(name => name === 'count') ? 'count' : 'other'
}

/** `count` of `COUNT(*)`, `COUNT(*) > 0` or `COALESCE(SUM(x), 0)`; null: no aggregate. */
function aggregateName(node: Node | undefined): string | null {
  if (!node) return null
  const call = node.FuncCall as {funcname: {String: {sval: string}}[]; over?: unknown} | undefined
  if (call) {
    const name = call.funcname.at(-1)!.String.sval
    return AGGREGATES.has(name) && !call.over ? name : null
  }
  if (node.TypeCast) return aggregateName((node.TypeCast as {arg: Node}).arg)
  if (node.CoalesceExpr) return aggregateName((node.CoalesceExpr as {args: Node[]}).args[0])
  if (node.A_Expr) return aggregateName((node.A_Expr as {lexpr?: Node}).lexpr)
  return null
}
