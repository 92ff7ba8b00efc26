import {quoteIdent, quoteLiteral} from '../sql/quote.js'
import type {Node} from '../sql/scope.js'
import {columnRef} from '../sql/target-list.js'
import {columnOf} from './catalog.js'
import {identifyingField} from './documents.js'
import type {Key, Reference} from './reference.js'
import {bind, type Scope} from './scope.js'

export type Operand = {reference: Reference; key: Key}

/** Immutable for most arguments; where not, the server refuses the index and says so. */
const FUNCTIONS = new Set([
  ...['lower', 'upper', 'btrim', 'ltrim', 'rtrim', 'length', 'char_length', 'left', 'right', 'substr', 'substring'],
  ...['md5', 'abs', 'round', 'floor', 'ceil', 'ceiling', 'date', 'date_trunc', 'date_part', 'extract', 'timezone'],
  ...['to_tsvector', 'jsonb_extract_path_text', 'jsonb_extract_path', 'split_part', 'reverse', 'unaccent', 'replace'],
])
const OPERATORS = new Set(['->', '->>', '#>', '#>>', '||', '+', '-', '*', '/', '%'])
/** Casts between these leave the index of the plain column usable. */
const TEXTS = new Set(['text', 'varchar', 'character varying'])

/** What an index could be keyed by: a column of one table, or an expression over its columns; null: neither. */
export function operandOf(node: Node | undefined, scope: Scope): Operand | null {
  if (!node) return null
  const found = new Map<Reference, Set<string>>()
  const sql = print(node, scope, found)
  if (sql === null || found.size !== 1) return null
  const [[reference, columns]] = [...found] as [[Reference, Set<string>]]
  const isExpression = !(columns.size === 1 && sql === quoteIdent([...columns][0]!))
  return {reference, key: {sql: isExpression ? `(${sql})` : sql, columns: [...columns], isExpression}}
}

type Found = Map<Reference, Set<string>>

/** The expression over bare column names, all parts of which are known to be harmless; null: something is not. */
function print(node: Node, scope: Scope, found: Found): string | null {
  if (node.ColumnRef) return printColumn(node, scope, found)
  if (node.A_Const) return printConstant(node.A_Const as Node)
  if (node.TypeCast) return printCast(node.TypeCast as Node, scope, found)
  if (node.FuncCall) return printCall(node.FuncCall as Node, scope, found)
  if (node.CoalesceExpr) return printList('COALESCE', (node.CoalesceExpr as {args: Node[]}).args, scope, found)
  const {kind, name, lexpr, rexpr} = (node.A_Expr ?? {}) as Node
  const operator = (name as {String: {sval: string}}[] | undefined)?.at(-1)?.String.sval
  if (kind !== 'AEXPR_OP' || !operator || !OPERATORS.has(operator) || !lexpr) return null
  const left = print(lexpr as Node, scope, found)
  const right = hiddenField(node.A_Expr as Node, scope) ?? print(rexpr as Node, scope, found)
  return left === null || right === null ? null : `(${left} ${operator} ${right})`
}

/** The parameter of `data ->> $1`, which was the name of a field; null: something else. */
export function fieldParameter(expression: Node | undefined): number | null {
  const {kind, name, lexpr, rexpr} = expression ?? {}
  const operator = (name as {String: {sval: string}}[] | undefined)?.at(-1)?.String.sval
  const {number} = ((rexpr as Node | undefined)?.ParamRef ?? {}) as {number?: number}
  const isField = kind === 'AEXPR_OP' && (operator === '->>' || operator === '->')
  return isField && (lexpr as Node).ColumnRef && number !== undefined ? number : null
}

function hiddenField(expression: Node, scope: Scope): string | null {
  if (fieldParameter(expression) === null) return null
  const bound = bind(columnRef(expression.lexpr as Node) ?? [], scope)
  const column = bound && columnOf(bound.reference.table, bound.column)
  const name = column ? identifyingField(column) : null
  return name === null ? null : quoteLiteral(name)
}

function printColumn(node: Node, scope: Scope, found: Found): string | null {
  const bound = bind(columnRef(node) ?? [], scope)
  if (!bound) return null
  const columns = found.get(bound.reference) ?? new Set()
  found.set(bound.reference, columns.add(bound.column))
  return quoteIdent(bound.column)
}

/** Text of a constant; null: a bit string. */
export function printConstant(constant: Node): string | null {
  const {sval, ival, fval, boolval, isnull} = constant as Record<string, Node | undefined>
  if (isnull) return 'NULL'
  if (sval) return quoteLiteral((sval.sval as string | undefined) ?? '')
  // Zero and false are left out of the tree.
  if (ival) return String(ival.ival ?? 0)
  if (fval) return String(fval.fval)
  if (boolval) return boolval.boolval ? 'true' : 'false'
  return null
}

export const typeNameOf = (cast: Node): string =>
  ((cast.typeName as {names?: {String: {sval: string}}[]} | undefined)?.names ?? []).at(-1)?.String.sval ?? ''

function printCast(cast: Node, scope: Scope, found: Found): string | null {
  const type = typeNameOf(cast)
  const own = cast.arg as Node
  const inner = print(own, scope, found)
  if (inner === null || !/^[a-z_][a-z0-9_]*$/.test(type)) return null
  const bound = own.ColumnRef ? bind(columnRef(own) ?? [], scope) : null
  const from = bound ? columnOf(bound.reference.table, bound.column)?.type : undefined
  if (from && TEXTS.has(from) && TEXTS.has(type)) return inner
  return `(${inner})::${type}`
}

function printCall(call: Node, scope: Scope, found: Found): string | null {
  const name = (call.funcname as {String: {sval: string}}[]).at(-1)!.String.sval
  const isPlain = !call.over && !call.agg_star && !call.agg_distinct && !call.agg_filter
  if (!FUNCTIONS.has(name) || !isPlain) return null
  // EXTRACT is a word of the grammar; the function behind it has its name in quotes.
  const written = name === 'extract' ? 'pg_catalog."extract"' : name
  return printList(written, (call.args as Node[] | undefined) ?? [], scope, found)
}

function printList(name: string, nodes: readonly Node[], scope: Scope, found: Found): string | null {
  const parts = nodes.map(node => print(node, scope, found))
  return parts.includes(null) ? null : `${name}(${parts.join(', ')})`
}
