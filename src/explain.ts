import {collectors, EXPLAIN_CONTEXT} from './collect/index.js'
import {COMMANDS} from './collect/pgbouncer/sections.js'
import type {SectionQuery} from './render/explain.js'
import type {Rule} from './rule.js'
import {schemaQueries} from './whatif/shadow/queries.js'

/** The SQL behind a rule's sections, as a current server would get it, and the commands for PgBouncer's console. */
export function queriesOf(rule: Rule): SectionQuery[] {
  const wanted = new Set([...rule.needs, ...(rule.uses ?? [])])
  const consoles: SectionQuery = {section: 'poolers', sql: COMMANDS.map(command => `SHOW ${command};`).join('\n')}
  const queries = collectors
    .filter(({section}) => wanted.has(section))
    .map(({section, sql}) => ({section, sql: sql(EXPLAIN_CONTEXT)}))
  if (wanted.has('indexAdvice')) {
    queries.push({section: 'indexAdvice', sql: schemaQueries(EXPLAIN_CONTEXT.versionNum).join(';\n\n')})
  }
  return wanted.has('poolers') ? [consoles, ...queries] : queries
}
