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
import {statisticsWindow} from '../../derive/window.js'
import {defineRule, type FindingDraft, type FixRequest, type Severity} from '../../rule.js'
import type {Sequence} from '../../snapshot.js'
import {qualified, quoteIdent} from '../../sql/quote.js'
import {number, timeLeftText} from '../../units.js'

export default defineRule({
  id: 'schema/sequence-exhaustion',
  title: 'Sequence that comes to its end',
  category: 'schema',
  needs: ['server', 'databases', 'sequences'],
  uses: ['checkpoints'],
  options: EXHAUSTION_OPTIONS,
  severity: EXHAUSTION_SEVERITY,
  why:
    'A sequence has an end of its own: when a column was made bigint, its old sequence often still ends at ' +
    '2,147,483,647. From then on every insert fails.',
  references: ['https://www.postgresql.org/docs/current/sql-altersequence.html'],
  peers: ['PB', 'PD', 'PH', 'CP'],
  check({server, databases, sequences, checkpoints}, options, context) {
    const database = databases.find(({name}) => name === server.database)
    if (!database) return {cannotJudge: `pg_stat_database has no row for ${server.database}`}
    const window = statisticsWindow(database, server, checkpoints)
    // Rows inserted are counted on the primary alone.
    const minWindow = server.inRecovery ? Number.POSITIVE_INFINITY : options.minWindow
    const measures = {window, now: server.now, context, minWindow}
    const supplies = sequences
      .filter(endsFirst)
      .map(sequence => supplyOf(sequence, sequence.columns[0] ?? null, endOf(sequence), measures))
      .filter(supply => supply !== null)
      .sort((a, b) => b.percent - a.percent)
    const findings = supplies.flatMap(supply => {
      const severity = severityOf(supply, options)
      return severity ? [draft(supply, severity)] : []
    })
    const hidden = unreadable(sequences, server.user)
    if (findings.length === 0 && hidden) return hidden
    const [first] = supplies
    return {
      summary: first
        ? `${supplies.length} of ${sequences.length} sequences; the fullest, ${nameOf(first.sequence)}, is ${number(first.percent)} % used`
        : `none of ${sequences.length} sequences ends before the column that it feeds`,
      findings: findings,
    }
  },
})

const nameOf = ({schema, name}: Sequence) => qualified(schema, name)
const endOf = ({increment, minValue, maxValue}: Sequence) => (increment > 0 ? maxValue : minValue)

/** No column that it feeds is narrower: schema/integer-key-exhaustion reports those. */
const endsFirst = (sequence: Sequence) =>
  sequence.increment < 0 || sequence.columns.every(({type}) => largestOf(type) > sequence.maxValue)

function draft(supply: Supply, severity: Severity): FindingDraft {
  const {sequence, column, percent, left, leftAtTarget, rate, limit} = supply
  const subject = nameOf(sequence)
  const feeds = column
    ? `It feeds ${qualified(column.schema, column.table)} (${quoteIdent(column.column)}), of type ${column.type}.`
    : 'No default of a column names it: the application calls it.'
  const target = leftAtTarget ? ` With the target's users it ends ${timeLeftText(leftAtTarget)}.` : ''
  return {
    severity,
    subject,
    title: `Sequence ${subject} is ${number(percent)} % used; ${left ? `it ends ${timeLeftText(left)}` : 'no rate is known'}`,
    detail: `${feeds} After ${number(limit)} each nextval() fails, and with it each insert.${target}`,
    evidence: supplyEvidence(supply),
    confidence: rate?.confidence ?? 'measured',
    fixes: [extend(sequence)],
  }
}

/** AS bigint moves the end only where it was the old type's; an end that somebody chose needs to be taken away. */
function extend(sequence: Sequence): FixRequest {
  const name = nameOf(sequence)
  const [bound, end] = sequence.increment > 0 ? ['MAXVALUE', sequence.maxValue] : ['MINVALUE', sequence.minValue]
  const isLast = sequence.dataType === 'bigint' && Math.abs(end) >= largestOf('bigint')
  if (isLast) {
    return {
      kind: 'action',
      title: 'Stop what takes these numbers',
      steps: [`${name} has bigint's own end: find what calls it so often, or who set it that high with setval().`],
    }
  }
  return {
    kind: 'sql',
    title: `Let ${name} go on to the end of bigint`,
    statements: [`ALTER SEQUENCE ${name} AS bigint NO ${bound}`],
    undo: [
      `ALTER SEQUENCE ${name} ${bound} ${end}`,
      ...(sequence.dataType === 'bigint' ? [] : [`ALTER SEQUENCE ${name} AS ${sequence.dataType}`]),
    ],
    lock: 'SHARE ROW EXCLUSIVE on the sequence for a moment: nextval() waits.',
    ...(sequence.columns.length === 0 && {
      note: 'Look first where the numbers go: a column or a program may expect integer.',
    }),
  }
}
