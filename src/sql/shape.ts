/** A relation in FROM; `alias` is the name by which the statement knows it (its own name when it has no other). */
export type Relation = {schema: string | null; name: string; alias: string}

/** A column by name; `relation` null: an unqualified name among several relations. `*`: all of the relation's. */
export type Column = {relation: Relation | null; name: string}

/** What a SELECT asks for, without its literals. Only what is AND-ed in WHERE and in the ON of inner joins counts. */
export type Shape = {
  kind: 'select' | 'insert' | 'update' | 'delete' | 'merge' | 'utility'
  /** FOR UPDATE, SHARE, NO KEY UPDATE or KEY SHARE */
  locks: boolean
  /** tables of FROM in the order of the text, those of sub-queries included; CTEs are none */
  relations: Relation[]
  /** columns returned as they are; those of a sub-query in FROM by the tables they come from */
  targets: Column[]
  /** the whole answer is one value over the chosen rows: COUNT, EXISTS (also `SELECT 1 ... LIMIT 1`), SUM and such */
  aggregate: 'count' | 'exists' | 'other' | null
  /** columns compared with one value: `= $1`, `IN ($1)` */
  equals: Column[]
  /** columns compared with a list: `= ANY ($1)`, `IN ($1, $2)` */
  lists: Column[]
  /** equal columns of two relations */
  joins: [Column, Column][]
  hasLimit: boolean
}
