import {collectors, EXPLAIN_CONTEXT} from './collect/index.js'
import type {SectionQuery} from './render/explain.js'
import type {Rule} from './rule.js'

/** The SQL behind a rule's sections, as a current server would get it; in the order in which it runs. */
export function queriesOf(rule: Rule): SectionQuery[] {
  const wanted = new Set([...rule.needs, ...(rule.uses ?? [])])
  return collectors
    .filter(({section}) => wanted.has(section))
    .map(({section, sql}) => ({section, sql: sql(EXPLAIN_CONTEXT)}))
}
