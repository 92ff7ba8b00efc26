import type {Node} from '../sql/scope.js'
import {columnRef} from '../sql/target-list.js'
import {columnOf} from './catalog.js'
import type {Reference} from './reference.js'

/** A column of a table in some FROM. */
export type Bound = {reference: Reference; column: string}

/** What a sub-query or CTE returns, by name; null: computed. */
export type Outputs = {name: string; bound: Bound | null}[]

/** A name in FROM; neither a table's nor with outputs: a function, or a table that is not known. */
export type Source = {alias: string; reference: Reference | null; outputs: Outputs | null}

/** The names that a query sees: its own, then those of the queries around it. */
export type Scope = {sources: Source[]; ctes: Map<string, Outputs>; outer: Scope | null}

export const newScope = (outer: Scope | null): Scope => ({sources: [], ctes: new Map(), outer})

export function findCte(scope: Scope | null, name: string): Outputs | null {
  for (let at = scope; at; at = at.outer) {
    const found = at.ctes.get(name)
    if (found) return found
  }
  return null
}

/** The table's column that a ColumnRef means, through sub-queries and CTEs; null: computed, unknown, or `*`. */
export function bind(fields: readonly Node[], scope: Scope | null): Bound | null {
  const name = (fields.at(-1)?.String as {sval?: string} | undefined)?.sval
  if (name === undefined) return null
  const qualifier = fields.length > 1 ? (fields.at(-2)!.String as {sval: string}).sval : null
  for (let at = scope; at; at = at.outer) {
    const found = at.sources
      .filter(({alias}) => qualifier === null || alias === qualifier)
      .flatMap(source => boundIn(source, name))
    if (found.length > 0) return found[0]!
  }
  return null
}

function boundIn({reference, outputs}: Source, name: string): (Bound | null)[] {
  if (reference) return columnOf(reference.table, name) ? [{reference, column: name}] : []
  return (outputs ?? []).filter(output => output.name === name).map(({bound}) => bound)
}

/** What `*` or `alias.*` stands for here. */
export function starSources(fields: readonly Node[], scope: Scope): Source[] {
  const qualifier = fields.length > 1 ? (fields.at(-2)!.String as {sval: string}).sval : null
  return scope.sources.filter(({alias}) => qualifier === null || alias === qualifier)
}

/** All tables whose columns an expression reads, sub-queries left out. */
export function referencesIn(node: unknown, scope: Scope, found = new Set<Reference>()): Set<Reference> {
  if (Array.isArray(node)) for (const item of node) referencesIn(item, scope, found)
  if (typeof node !== 'object' || node === null || Array.isArray(node)) return found
  const fields = node as Node
  if (fields.SubLink) return found
  if (fields.ColumnRef) {
    const bound = bind(columnRef(fields) ?? [], scope)
    if (bound) found.add(bound.reference)
    return found
  }
  for (const child of Object.values(fields)) referencesIn(child, scope, found)
  return found
}
