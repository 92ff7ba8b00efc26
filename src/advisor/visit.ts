import type {Node} from '../sql/scope.js'
import {bind, type Scope, starSources} from './scope.js'
import {type Walk, walkSelect} from './select.js'
import type {Sink} from './terms.js'

/** Notes the columns that an expression reads, and walks its sub-queries. */
export function visit(node: unknown, scope: Scope, walk: Walk): void {
  if (Array.isArray(node)) for (const item of node) visit(item, scope, walk)
  if (typeof node !== 'object' || node === null || Array.isArray(node)) return
  const {ColumnRef: column, SubLink: link, ...rest} = node as Node
  if (column) note((column as {fields: Node[]}).fields, scope)
  if (link) {
    const {subselect, testexpr} = link as Record<string, Node | undefined>
    visit(testexpr, scope, walk)
    if (subselect?.SelectStmt) walkSelect(subselect.SelectStmt as Node, scope, walk)
  }
  for (const child of Object.values(rest)) visit(child, scope, walk)
}

function note(fields: readonly Node[], scope: Scope): void {
  const bound = bind(fields, scope)
  if (bound) bound.reference.needed.add(bound.column)
  if (!fields.at(-1)?.A_Star) return
  for (const {reference, outputs} of starSources(fields, scope)) {
    if (reference) reference.readsAll = true
    for (const output of outputs ?? []) output.bound?.reference.needed.add(output.bound.column)
  }
}

/** Terms go to their tables. */
export const sinkOf = (scope: Scope, walk: Walk): Sink => ({
  scope,
  add: (reference, term) => void reference.terms.push(term),
  parameter: use => void walk.parameters.push(use),
  outputsOf: select => walk.walked.get(select) ?? null,
})
