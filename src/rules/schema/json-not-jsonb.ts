import {workloadOf} from '../../derive/statements.js'
import {defineRule, type FindingDraft} from '../../rule.js'
import type {QuestionableColumn, Table} from '../../snapshot.js'
import {predicatesOf, tablesOf} from '../../sql/parse.js'
import {qualified, quoteIdent} from '../../sql/quote.js'
import {bytes} from '../../units.js'

export default defineRule({
  id: 'schema/json-not-jsonb',
  title: 'Column of type json that statements search in',
  category: 'schema',
  needs: ['server', 'questionableColumns', 'statements', 'statementTexts'],
  uses: ['tables'],
  options: {minCalls: {default: 100, unit: 'count', help: 'calls of the statements that filter on it'}},
  severity: {low: 'each row is parsed again at each search, and no index of its own can serve it'},
  why:
    'json keeps the text as it came and parses it again at each access; jsonb is parsed once, when it is stored, and ' +
    'can have a GIN index. For a column that is only stored and returned, json is fine.',
  references: ['https://www.postgresql.org/docs/current/datatype-json.html'],
  peers: ['IH', 'DA'],
  parses: ({questionableColumns}) => questionableColumns.columns.some(({type}) => type === 'json'),
  check({server, questionableColumns, statements, statementTexts, tables}, {minCalls}) {
    const columns = questionableColumns.columns.filter(({type}) => type === 'json')
    if (columns.length === 0) return {summary: 'no column of type json', findings: []}
    const workload = workloadOf(statements, statementTexts, server.database)
    const findings = columns.flatMap(column => {
      const filters = workload.filter(({text}) => searches(text, column))
      const calls = filters.reduce((sum, statement) => sum + statement.calls, 0)
      const size = tables.ok ? tables.data.find(({oid}) => oid === column.tableOid) : undefined
      return calls >= minCalls ? [draft(column, calls, filters[0]!.text, size)] : []
    })
    return {
      summary: `${columns.length} columns of type json, ${findings.length || 'none'} of them searched in ${minCalls} times or more`,
      findings: findings,
    }
  },
})

function searches(text: string, {schema, table, name}: QuestionableColumn): boolean {
  // Most statements need no parser.
  if (!text.includes(name) || !text.includes(table)) return false
  const isTable = (each: {schema: string | null; name: string}) =>
    each.name === table && (each.schema === null || each.schema === schema)
  return Boolean(predicatesOf(text)?.columns.includes(name) && tablesOf(text)?.some(isTable))
}

function draft(column: QuestionableColumn, calls: number, example: string, table: Table | undefined): FindingDraft {
  const name = `${qualified(column.schema, column.table)} (${quoteIdent(column.name)})`
  const alter = `ALTER TABLE ${qualified(column.schema, column.table)} ALTER COLUMN ${quoteIdent(column.name)}`
  return {
    severity: 'low',
    subject: name,
    title: `${name} is json, and statements search in it`,
    detail: `For example: ${example.slice(0, 200)} Each of these parses the text of every row that it looks at.`,
    evidence: [
      {label: 'calls that filter on it', value: calls, unit: 'count', source: 'pg_stat_statements'},
      {label: 'type', value: column.type, source: 'pg_attribute'},
    ],
    confidence: 'measured',
    fixes: [
      {
        kind: 'sql',
        title: 'Make it jsonb',
        statements: [`${alter} TYPE jsonb USING ${quoteIdent(column.name)}::jsonb`],
        undo: [`${alter} TYPE json USING ${quoteIdent(column.name)}::json`],
        lock: `ACCESS EXCLUSIVE while the table${table ? ` (${bytes(table.bytes)})` : ''} is written anew: everything waits.`,
        note: 'jsonb keeps neither spaces, the order of keys nor a key that is there twice. A GIN index may follow.',
      },
    ],
  }
}
