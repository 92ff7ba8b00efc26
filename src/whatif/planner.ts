/**
 * What plans a query under another schema or other settings. The shadow (a private PostgreSQL 18 with the target's schema
 * and statistics) and HypoPG stand behind it.
 */

/** A node of EXPLAIN (FORMAT JSON), as the server names things. */
export type PlanNode = {
  'Node Type': string
  'Total Cost': number
  'Startup Cost': number
  'Plan Rows': number
  'Plan Width': number
  'Relation Name'?: string
  Schema?: string
  Alias?: string
  'Index Name'?: string
  Plans?: PlanNode[]
  [detail: string]: unknown
}

export type Plan = {cost: number; startupCost: number; rows: number; root: PlanNode}

/** One key of an index: a quoted column, or an expression in parentheses, with what belongs behind it. */
export type IndexKey = {
  sql: string
  opclass?: string
  collation?: string
  order?: 'ASC' | 'DESC'
  nulls?: 'FIRST' | 'LAST'
}

export type IndexDefinition = {
  schema: string
  table: string
  method: 'btree' | 'gin' | 'gist' | 'brin' | 'hash'
  keys: IndexKey[]
  /** unquoted names of columns */
  include: string[]
  /** SQL of the predicate of a partial index */
  where: string | null
}

/** A candidate that the planner knows by name; hidden unless a configuration names it. */
export type PreparedIndex = {
  name: string
  definition: IndexDefinition
  /** expected size when it is really built, deduplication included */
  bytes: number
}

export type Configuration = {
  /** candidates that are visible; default none */
  indexes?: readonly PreparedIndex[]
  /** existing indexes that are hidden, as `"schema"."name"` */
  without?: readonly string[]
  settings?: Readonly<Record<string, string>>
}

/** A statement with `$1`, `$2`... is planned generically unless values are given (SQL literals, in order). */
export type PlannerStatement = {sql: string; values?: readonly string[]}

export type Planner = {
  /** `shadow` or `hypopg`, for people */
  kind: 'shadow' | 'hypopg'
  /** tables that cannot be planned here, with the reason; statements on them throw PlanError */
  disabled: {table: string; reason: string}[]
  /** Creates candidates, all at once and hidden. One that cannot be created is left out, with the reason. */
  prepare(
    definitions: readonly IndexDefinition[],
  ): Promise<{prepared: PreparedIndex[]; refused: {definition: IndexDefinition; reason: string}[]}>
  /** Plans only, nothing is executed. Throws PlanError with the server's words. */
  explain(statement: PlannerStatement, configuration?: Configuration): Promise<Plan>
  close(): Promise<void>
}

/** A statement that cannot be planned: the reason is the server's own. */
export class PlanError extends Error {}
