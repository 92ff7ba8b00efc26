import {
  EXHAUSTION_OPTIONS,
  EXHAUSTION_SEVERITY,
  largestOf,
  type Supply,
  severityOf,
  supplyEvidence,
  supplyOf,
  unreadable,
} from '../../derive/key-exhaustion.js'
import {NEW_TABLES, widenKey} from '../../derive/widen-key.js'
import {statisticsWindow} from '../../derive/window.js'
import {defineRule, type FindingDraft, type Severity} from '../../rule.js'
import type {ForeignKey, Section, Table} from '../../snapshot.js'
import {qualified, quoteIdent} from '../../sql/quote.js'
import {number, timeLeftText} from '../../units.js'

export default defineRule({
  id: 'schema/integer-key-exhaustion',
  title: 'Integer key that runs out of numbers',
  category: 'schema',
  needs: ['server', 'databases', 'sequences'],
  uses: ['checkpoints', 'tables', 'foreignKeys'],
  options: EXHAUSTION_OPTIONS,
  severity: EXHAUSTION_SEVERITY,
  why:
    'An integer column ends at 2,147,483,647, whatever sequence feeds it; from then on every insert fails. The cure ' +
    'writes the table and its indexes anew, so it has to be planned while there is time.',
  references: ['https://www.postgresql.org/docs/current/datatype-numeric.html#DATATYPE-INT'],
  peers: ['PB', 'PD', 'PH', 'CP'],
  check({server, databases, sequences, checkpoints, tables, foreignKeys}, options, context) {
    const database = databases.find(({name}) => name === server.database)
    if (!database) return {cannotJudge: `pg_stat_database has no row for ${server.database}`}
    const window = statisticsWindow(database, server, checkpoints)
    // Rows inserted are counted on the primary alone.
    const minWindow = server.inRecovery ? Number.POSITIVE_INFINITY : options.minWindow
    const measures = {window, now: server.now, context, minWindow}
    const supplies = sequences
      // Where the sequence ends first, schema/sequence-exhaustion reports it.
      .flatMap(sequence =>
        sequence.columns
          .filter(
            ({type}) => sequence.increment > 0 && largestOf(type) <= Math.min(sequence.maxValue, largestOf('integer')),
          )
          .map(column => supplyOf(sequence, column, largestOf(column.type), measures)),
      )
      .filter(supply => supply !== null)
      .sort((a, b) => b.percent - a.percent)
    const findings = supplies.flatMap(supply => {
      const severity = severityOf(supply, options)
      return severity ? [draft(supply, severity, tables, foreignKeys)] : []
    })
    const hidden = unreadable(sequences, server.user)
    if (findings.length === 0 && hidden) return hidden
    const [first] = supplies
    return {
      summary: first
        ? `${supplies.length} integer keys; the fullest, ${nameOf(first)}, has used ${number(first.percent)} % of its numbers`
        : `none of ${sequences.length} sequences feeds an integer column`,
      findings: findings,
    }
  },
})

const nameOf = ({column}: Supply) => `${qualified(column!.schema, column!.table)} (${quoteIdent(column!.column)})`

function draft(
  supply: Supply,
  severity: Severity,
  tables: Section<Table[]>,
  foreignKeys: Section<ForeignKey[]>,
): FindingDraft {
  const {column, percent, left, leftAtTarget, rate} = supply
  const subject = nameOf(supply)
  const ends = left ? `it ends ${timeLeftText(left)}` : 'no rate is known'
  const target = leftAtTarget ? ` With the target's users it ends ${timeLeftText(leftAtTarget)}.` : ''
  return {
    severity,
    subject,
    title: `${subject} has used ${number(percent)} % of type ${column!.type}; ${ends}`,
    detail:
      `From then on each insert fails with "integer out of range".${target} Not seen from here: gaps that could be ` +
      'used again, and integer variables in the application.',
    evidence: supplyEvidence(supply),
    confidence: rate?.confidence ?? 'measured',
    fixes: [widenKey(supply, tables, foreignKeys), NEW_TABLES],
  }
}
