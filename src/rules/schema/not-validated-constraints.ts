import {defineRule} from '../../rule.js'
import type {UnvalidatedConstraint} from '../../snapshot.js'
import {qualified, quoteIdent} from '../../sql/quote.js'
import {bytes} from '../../units.js'

export default defineRule({
  id: 'schema/not-validated-constraints',
  title: 'Constraint that was never checked against the rows that were there',
  category: 'schema',
  needs: ['unvalidatedConstraints'],
  options: {},
  severity: {low: 'new rows are checked, old ones may break the rule, and the planner does not rely on it'},
  why:
    'NOT VALID adds a constraint without reading the table, which is the right way on a live server; the second step, ' +
    'VALIDATE, is easily forgotten. Until then rows may break it, and nobody may rely on it.',
  references: ['https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES'],
  peers: ['IH', 'DA'],
  check({unvalidatedConstraints}) {
    return {
      summary: `constraints that are not validated: ${unvalidatedConstraints.length}`,
      findings: unvalidatedConstraints.map(draft),
    }
  },
})

function draft({schema, table, name, type, rows, bytes: size}: UnvalidatedConstraint) {
  const on = qualified(schema, table)
  return {
    severity: 'low' as const,
    subject: `${on} ${quoteIdent(name)}`,
    title: `The ${type} constraint ${quoteIdent(name)} of ${on} is NOT VALID`,
    detail:
      'New and changed rows are checked, the older ones never were. A migration that is under way looks the same, and ' +
      'so does a table whose old rows are known to break the rule.',
    evidence: [
      {label: 'validated', value: 'no', source: 'pg_constraint.convalidated'},
      {label: 'rows', value: rows, unit: 'count' as const, source: 'pg_class, pg_stat_all_tables'},
    ],
    confidence: 'measured' as const,
    fixes: [
      {
        kind: 'sql' as const,
        title: 'Check the old rows',
        statements: [`ALTER TABLE ${on} VALIDATE CONSTRAINT ${quoteIdent(name)}`],
        undo: [],
        lock:
          `SHARE UPDATE EXCLUSIVE on the table while ${bytes(size)} are read: reads and writes go on` +
          `${type === 'foreign key' ? ' (ROW SHARE on the other table)' : ''}.`,
        note: 'It ends with an error when a row breaks the rule, and changes nothing then: repair those rows first.',
      },
    ],
  }
}
