import {defineRule, type FindingDraft} from '../../rule.js'
import type {Table} from '../../snapshot.js'
import {qualified, quoteIdent} from '../../sql/quote.js'
import {bytes, number} from '../../units.js'

export default defineRule({
  id: 'schema/unpartitioned-append-only',
  title: 'Large table that only grows, in one piece',
  category: 'schema',
  needs: ['server', 'tables'],
  options: {
    minBytes: {default: 10 * 1024 ** 3, unit: 'bytes', help: 'table with indexes and TOAST; smaller ones are fine'},
    minRows: {default: 100_000_000, unit: 'count', help: 'or this many rows'},
    minInserts: {default: 1000, unit: 'count', help: 'inserts needed to see how the table is used'},
    changes: {default: 1, unit: 'percent', help: 'updates and deletes among all changes that an append-only table has'},
  },
  severity: {info: 'nothing is wrong today; each month makes the step larger'},
  why:
    'Old rows of a log, of events or of measurements are never changed and seldom read, but each VACUUM, index and ' +
    'backup carries them. In partitions by time they go with DROP TABLE instead of a DELETE that runs for hours.',
  references: ['https://www.postgresql.org/docs/current/ddl-partitioning.html'],
  peers: ['PD', 'DA'],
  check({server, tables}, options) {
    const large = tables.filter(
      table =>
        table.kind === 'table' &&
        !table.isPartition &&
        (table.bytes >= options.minBytes || rowsOf(table) >= options.minRows),
    )
    if (server.inRecovery && large.length > 0) {
      return {cannotJudge: `${large.length} large tables, but rows inserted are counted on the primary alone`}
    }
    const growing = large.filter(
      ({inserts, updates, deletes}) =>
        inserts >= options.minInserts && (updates + deletes) * 100 <= options.changes * (inserts + updates + deletes),
    )
    return {
      summary: `tables of ${bytes(options.minBytes)} or ${number(options.minRows)} rows in one piece: ${large.length}, only growing: ${growing.length}`,
      findings: growing.sort((a, b) => b.bytes - a.bytes).map(draft),
    }
  },
})

const rowsOf = ({rowsEstimate, liveRows}: Table) => Math.max(rowsEstimate, liveRows, 0)

function draft(table: Table): FindingDraft {
  const name = qualified(table.schema, table.name)
  const old = quoteIdent(`${table.name}_old`.slice(0, 63))
  return {
    severity: 'info',
    subject: name,
    title: `${name} has ${bytes(table.bytes)} and ${number(rowsOf(table))} rows, and only grows`,
    detail:
      'Rows are added and hardly ever changed. Partitions by time would let old ones be dropped at once. Not seen from ' +
      'here: how long rows are kept, and whether queries name a time.',
    evidence: [
      {label: 'size', value: table.bytes, unit: 'bytes', source: 'pg_class.relpages, with indexes and TOAST'},
      {label: 'inserts', value: table.inserts, unit: 'count', source: 'pg_stat_all_tables'},
      {label: 'updates', value: table.updates, unit: 'count', source: 'pg_stat_all_tables'},
      {label: 'deletes', value: table.deletes, unit: 'count', source: 'pg_stat_all_tables'},
    ],
    confidence: 'measured',
    fixes: [
      {
        kind: 'action',
        title: 'Consider partitions by time, the present table as the first of them',
        steps: [
          'Add CHECK (time < next month) NOT VALID to the table, and validate it: ATTACH then needs no scan.',
          `In one transaction: rename it to ${old}, create ${name} (LIKE ${old} ...) PARTITION BY RANGE (time), attach the old one.`,
          'Create the partitions of the coming months ahead of time (pg_partman, or a monthly job).',
        ],
        note: 'A primary key must then hold the partition key, and foreign keys to the table need that too.',
      },
    ],
  }
}
