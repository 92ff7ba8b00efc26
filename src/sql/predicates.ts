type Node = Record<string, unknown>

export type Predicates = {
  /** names of columns that decide which rows are read (WHERE, ON, USING, HAVING), each once */
  columns: string[]
  /** of ORDER BY, where a LIMIT may end the reading early */
  limitedBy: string[]
  /** NATURAL JOIN names no columns */
  isNatural: boolean
}

const CLAUSES = new Set(['whereClause', 'quals', 'usingClause', 'havingClause', 'mergeWhenClauses', 'joinCondition'])

/** Walks libpg_query's tree without its types; qualifiers are dropped: an alias may stand for any table. */
export function predicates(tree: unknown): Predicates {
  const found = {columns: new Set<string>(), limitedBy: new Set<string>(), isNatural: false}
  walk(tree, found)
  return {columns: [...found.columns], limitedBy: [...found.limitedBy], isNatural: found.isNatural}
}

type Found = {columns: Set<string>; limitedBy: Set<string>; isNatural: boolean}

function walk(node: unknown, found: Found): void {
  if (Array.isArray(node)) for (const item of node) walk(item, found)
  if (typeof node !== 'object' || node === null || Array.isArray(node)) return
  const fields = node as Node
  if (fields.isNatural === true) found.isNatural = true
  if (fields.limitCount !== undefined) collect(fields.sortClause, found.limitedBy)
  for (const [name, child] of Object.entries(fields)) {
    if (CLAUSES.has(name)) collect(child, found.columns)
    walk(child, found)
  }
}

/** The last part of each column reference, and the bare names of USING. */
function collect(node: unknown, names: Set<string>): void {
  if (Array.isArray(node)) for (const item of node) collect(item, names)
  if (typeof node !== 'object' || node === null || Array.isArray(node)) return
  for (const [name, child] of Object.entries(node as Node)) {
    if (name === 'ColumnRef') addName((child as {fields: unknown[]}).fields.at(-1), names)
    else if (name === 'String') addName(node, names)
    // Operators' and functions' names are no columns.
    else if (name !== 'name' && name !== 'funcname' && name !== 'typeName') collect(child, names)
  }
}

function addName(field: unknown, names: Set<string>): void {
  const name = (field as {String?: {sval?: string}} | undefined)?.String?.sval
  if (name) names.add(name)
}
