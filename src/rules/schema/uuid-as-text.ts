import {defineRule, type FindingDraft, type FixRequest} from '../../rule.js'
import type {ForeignKey, QuestionableColumn, Table} from '../../snapshot.js'
import {qualified, quoteIdent} from '../../sql/quote.js'
import {bytes, number} from '../../units.js'

const UUID_BYTES = 16
/** 36 characters and the length in front of them. */
const TEXT_BYTES = 37

export default defineRule({
  id: 'schema/uuid-as-text',
  title: 'UUIDs stored as text',
  category: 'schema',
  needs: ['server', 'questionableColumns', 'tables', 'foreignKeys'],
  options: {minRows: {default: 100_000, unit: 'count', help: 'in smaller tables it makes no difference'}},
  severity: {low: 'more than twice the space in the table and in each index, and any text is accepted'},
  why:
    'As text a UUID takes 37 bytes, as uuid 16, in the table and again in each index and each column that refers to ' +
    'it. The type also refuses what is no UUID, and compares faster.',
  references: ['https://www.postgresql.org/docs/current/datatype-uuid.html'],
  peers: ['PD'],
  check({server, questionableColumns, tables, foreignKeys}, {minRows}) {
    const {columns, hiddenSchemas} = questionableColumns
    const rows = (table: Table | undefined) => Math.max(table?.rowsEstimate ?? 0, table?.liveRows ?? 0)
    const tableOf = ({tableOid}: QuestionableColumn) => tables.find(({oid}) => oid === tableOid)
    const findings = columns
      .filter(column => column.type !== 'json' && rows(tableOf(column)) >= minRows)
      .map(column => draft(column, rows(tableOf(column)), foreignKeys))
    if (findings.length === 0 && hiddenSchemas.length > 0) {
      const grant = (schema: string) =>
        `GRANT SELECT ON ALL TABLES IN SCHEMA ${quoteIdent(schema)} TO ${quoteIdent(server.user)};`
      const cure =
        server.versionNum >= 140000
          ? `GRANT pg_read_all_data TO ${quoteIdent(server.user)};`
          : hiddenSchemas.map(grant).join(' ')
      return {cannotJudge: 'no column is named like it; what the others hold (pg_stats) is hidden', cure}
    }
    return {
      summary: `text columns with UUIDs in tables of ${number(minRows)} rows or more: ${findings.length}`,
      findings: findings,
    }
  },
})

function draft(column: QuestionableColumn, rows: number, foreignKeys: ForeignKey[]): FindingDraft {
  const {schema, table, name, type, averageWidth, looksLikeUuid} = column
  const subject = `${qualified(schema, table)} (${quoteIdent(name)})`
  const wasted = rows * ((averageWidth ?? TEXT_BYTES) - UUID_BYTES)
  return {
    severity: 'low',
    subject,
    title: `${subject} holds UUIDs as ${type}`,
    detail:
      (looksLikeUuid
        ? 'All values of it that ANALYZE kept look like UUIDs.'
        : 'Its name says so; no value of it was seen.') +
      ' Whether all of them are UUIDs, the change of the type will tell.',
    evidence: [
      {label: 'rows', value: rows, unit: 'count', source: 'pg_class, pg_stat_all_tables'},
      {label: 'wasted in the table alone', value: wasted, unit: 'bytes', source: `rows x (width - ${UUID_BYTES})`},
      ...(averageWidth === null
        ? []
        : [{label: 'average width', value: averageWidth, unit: 'bytes' as const, source: 'pg_stats.avg_width'}]),
    ],
    confidence: looksLikeUuid ? 'measured' : 'assumed',
    fixes: [convert(column, wasted, foreignKeys)],
  }
}

/** One statement where nothing else hangs on the type; else the order of the steps. */
function convert(column: QuestionableColumn, wasted: number, foreignKeys: ForeignKey[]): FixRequest {
  const {schema, table, name, type, tableOid, hasDefault, hasTypedIndex} = column
  const alter = `ALTER TABLE ${qualified(schema, table)} ALTER COLUMN ${quoteIdent(name)}`
  const isLinked = foreignKeys.some(
    key =>
      (key.tableOid === tableOid && key.columnNames.includes(name)) ||
      (key.referencedOid === tableOid && key.referencedColumnNames.includes(name)),
  )
  const title = `Make it uuid (about ${bytes(wasted)} less)`
  const note = 'The application must be ready for the type: Django UUIDField, Rails :uuid, Prisma @db.Uuid.'
  if (isLinked || hasDefault || hasTypedIndex) {
    return {
      kind: 'action',
      title,
      steps: [
        ...(isLinked
          ? ['Drop the foreign keys on it; columns on both sides change, then the keys are added again.']
          : []),
        ...(hasTypedIndex
          ? ['Drop its indexes with text operator classes (varchar_pattern_ops): uuid needs none.']
          : []),
        ...(hasDefault
          ? ['Drop its default, and set it again with the type uuid afterwards (gen_random_uuid()).']
          : []),
        {text: 'Change the type', lines: [`${alter} TYPE uuid USING ${quoteIdent(name)}::uuid;`]},
      ],
      note,
    }
  }
  return {
    kind: 'sql',
    title,
    statements: [`${alter} TYPE uuid USING ${quoteIdent(name)}::uuid`],
    undo: [`${alter} TYPE ${type}`],
    lock: 'ACCESS EXCLUSIVE while the table and its indexes are written anew: everything waits.',
    note: `${note} It ends with an error, and changes nothing, at the first value that is no UUID.`,
  }
}
