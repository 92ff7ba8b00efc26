import {lookedAt, MOST, type Query, queriesOf, queryEvidence, querySubject, shownText} from '../../derive/queries.js'
import {defineRule, type FindingDraft} from '../../rule.js'
import type {PartitionedTable} from '../../snapshot.js'
import {predicatesOf, tablesOf} from '../../sql/parse.js'
import {qualified, quoteIdent} from '../../sql/quote.js'
import {number} from '../../units.js'

export default defineRule({
  id: 'queries/partition-key-unused',
  title: 'Statement that reads every partition because it does not name the partition key',
  category: 'queries',
  needs: ['server', 'statements', 'statementTexts', 'statementsInfo', 'partitionedTables'],
  options: {
    minPartitions: {default: 4, unit: 'count', help: 'with fewer partitions there is little to leave out'},
    minCalls: {default: 100, unit: 'count', help: 'what runs less often is a report'},
    minShare: {default: 1, unit: 'percent', help: 'it must take this share of the time of all statements'},
    highShare: {default: 10, unit: 'percent', help: 'medium from this share on'},
  },
  severity: {
    medium: 'it takes highShare of all statement time, and each new partition adds to that',
    low: 'it takes less',
  },
  why:
    'PostgreSQL leaves out partitions only when a condition on the partition key tells it which ones. Without one, ' +
    'each call plans, locks and reads all of them, and gets slower with each new one.',
  references: ['https://www.postgresql.org/docs/current/ddl-partitioning.html#DDL-PARTITION-PRUNING'],
  parses: ({partitionedTables}) => partitionedTables.length > 0,
  check({partitionedTables, ...input}, options) {
    const tables = partitionedTables.filter(
      // Of an expression only the parser of the server knows when a condition fits.
      ({partitions, keyColumns}) => partitions >= options.minPartitions && keyColumns.every(name => name !== null),
    )
    if (tables.length === 0) return {summary: `no table of ${options.minPartitions} partitions or more`, findings: []}
    const queries = queriesOf(input).filter(
      ({text, calls, share}) => calls >= options.minCalls && share >= options.minShare && !INSERT.test(text),
    )
    const findings = queries.flatMap(query => {
      const table = tables.find(each => ignoresKey(query.text, each))
      return table ? [draft(query, table, options.highShare)] : []
    })
    return {
      summary: lookedAt(findings.length, queries, 'that run often read all partitions of a table'),
      findings: findings.slice(0, MOST),
    }
  },
})

/** Rows are routed to their partition by their values. */
const INSERT = /^\s*INSERT\b/i

/** Chooses rows of the table by other columns, and by none of the key. Without any condition it wants all rows. */
function ignoresKey(text: string, {schema, name, keyColumns}: PartitionedTable): boolean {
  if (!text.includes(name)) return false
  const isTable = (each: {schema: string | null; name: string}) =>
    each.name === name && (each.schema === null || each.schema === schema)
  const conditions = predicatesOf(text)
  if (!conditions || conditions.isNatural || conditions.columns.length === 0 || !tablesOf(text)?.some(isTable))
    return false
  return !keyColumns.some(key => conditions.columns.includes(key!) || conditions.limitedBy.includes(key!))
}

function draft(query: Query, table: PartitionedTable, highShare: number): FindingDraft {
  const name = qualified(table.schema, table.name)
  const key = table.keyColumns.map(column => quoteIdent(column!)).join(', ')
  return {
    severity: query.share >= highShare ? 'medium' : 'low',
    subject: querySubject(query),
    title: `A statement reads all ${number(table.partitions)} partitions of ${name}`,
    detail:
      `${shownText(query)} - No condition of it names the partition key (${key}). Its plan was not looked at; EXPLAIN ` +
      'would list every partition. A statement that looks for rows of all times has no better way.',
    evidence: [
      ...queryEvidence(query, {
        label: 'blocks per call',
        value: (query.sharedHit + query.sharedRead) / query.calls,
        unit: 'count',
      }),
      {label: 'partition key', value: `${table.strategy} (${key})`, source: 'pg_partitioned_table'},
      {label: 'partitions', value: table.partitions, unit: 'count', source: 'pg_inherits'},
    ],
    confidence: 'estimated',
    fixes: [
      {
        kind: 'app',
        title: `Name ${key} in the condition`,
        by: {
          django: {
            where: 'the code that runs it',
            lines: [`rows.filter(${table.keyColumns[0]}__gte=start, ${table.keyColumns[0]}__lt=end)`],
          },
          plain: {where: 'the code that runs it', lines: [`... AND ${key} >= $1 AND ${key} < $2`]},
        },
        note: 'Where the application knows only the row (its id), a range that is surely wide enough helps as well.',
      },
    ],
  }
}
