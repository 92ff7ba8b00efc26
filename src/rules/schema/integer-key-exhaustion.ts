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
import type {ForeignKey, Section, Table} from '../../snapshot.js'
import {qualified, quoteIdent} from '../../sql/quote.js'
import {bytes, number, timeLeftText} from '../../units.js'

/** From this size on a rewrite under an exclusive lock is no longer a matter of seconds. */
const LARGE = 1024 ** 3

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
    const measures = {window, now: server.now, context, minWindow: options.minWindow}
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
      findings,
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
    fixes: [widen(supply, tables, foreignKeys), NEW_TABLES],
  }
}

/** The key, the columns that refer to it, and the sequence: all of them or the next one of them overflows. */
function widen({sequence, column}: Supply, tables: Section<Table[]>, foreignKeys: Section<ForeignKey[]>): FixRequest {
  const {tableOid, schema, table, type} = column!
  const referring = (foreignKeys.ok ? foreignKeys.data : []).flatMap(key => {
    const at =
      key.parentOid === null && key.referencedOid === tableOid ? key.referencedColumnNames.indexOf(column!.column) : -1
    const narrow = at >= 0 && largestOf(key.columnTypes[at]!) < largestOf('bigint')
    return narrow
      ? [{schema: key.schema, table: key.table, column: key.columnNames[at]!, type: key.columnTypes[at]!}]
      : []
  })
  const columns = [{schema, table, column: column!.column, type}, ...referring]
  const alter = (to?: string) => (each: (typeof columns)[0]) =>
    `ALTER TABLE ${qualified(each.schema, each.table)} ALTER COLUMN ${quoteIdent(each.column)} TYPE ${to ?? each.type}`
  const size = tables.ok ? (tables.data.find(({oid}) => oid === tableOid)?.bytes ?? 0) : 0
  const isNarrow = sequence.dataType !== 'bigint'
  const name = qualified(sequence.schema, sequence.name)
  return {
    kind: 'sql',
    title: `Make ${columns.length === 1 ? 'it' : `it and the ${columns.length - 1} columns that refer to it`} bigint`,
    statements: [...columns.map(alter('bigint')), ...(isNarrow ? [`ALTER SEQUENCE ${name} AS bigint`] : [])],
    undo: [...(isNarrow ? [`ALTER SEQUENCE ${name} AS ${sequence.dataType}`] : []), ...columns.map(alter())],
    lock: `ACCESS EXCLUSIVE on each table while it and its indexes (${bytes(size)}) are written anew: everything waits.`,
    note:
      'Views on these columns must be dropped before and created again. The undo works as long as the values fit.' +
      (size < LARGE
        ? ''
        : ' At this size rather add a bigint column, fill it in batches with a trigger for new rows, and swap the two.'),
  }
}

const NEW_TABLES: FixRequest = {
  kind: 'app',
  title: 'And let new tables begin with bigint',
  by: {
    django: {where: 'settings.py', lines: ["DEFAULT_AUTO_FIELD = 'django.db.models.BigAutoField'"]},
    prisma: {where: 'schema.prisma', lines: ['id BigInt @id @default(autoincrement())']},
    plain: {where: 'the migrations', lines: ['id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY']},
  },
}
