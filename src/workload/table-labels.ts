import {sessionTables} from '../derive/session-table.js'
import type {Finding, Report} from '../report.js'
import type {Snapshot, Table} from '../snapshot.js'
import type {TableName} from '../sql/parse.js'
import {qualified, quoteIdent} from '../sql/quote.js'
import {linked} from './labels.js'
import type {Entry} from './statements.js'
import type {Label} from './types.js'

/** Half the pages of a table in each call: the statement reads the whole of it. */
const WHOLE = 0.5

/** What findings about tables say of a statement: only where it reads the whole table by columns that they are about. */
export function tableLabels({sections}: Snapshot, report: Report): (entry: Entry) => Label[] {
  const tables = sections.tables.ok ? sections.tables.data : []
  const findings = report.results.flatMap(each => each.findings)
  const keys = unindexed(sections, findings)
  const scanned = findings
    .filter(({rule}) => rule === 'tables/seq-scan-heavy')
    .flatMap(finding => {
      const table = tables.find(({schema, name}) => qualified(schema, name) === finding.subject)
      return table ? [{table, finding}] : []
    })
  const sessions = sections.indexes.ok ? sessionTables(tables, sections.indexes.data) : []
  const sessionLabel = (entry: Entry): Label[] => {
    const table = sessions.find(each => entry.facts.tables.some(name => isTable(name, each)))
    if (!table) return []
    const text = entry.facts.kind === 'write' ? 'session write' : 'session look-up'
    const subject = qualified(table.schema, table.name)
    const finding = findings.find(each => each.rule === 'queries/session-table' && each.subject === subject)
    return [finding ? linked('session', text, finding) : {kind: 'session', text, finding: null}]
  }
  return entry => {
    const missing = keys
      .filter(({table, columns}) => {
        const chosen = conditionsOn(entry, table)
        return columns.every(column => chosen.includes(column)) && readsWhole(entry, table)
      })
      .map(({finding}) => linked('missing index', 'missing index', finding))
    const whole = scanned
      .filter(({table}) => conditionsOn(entry, table).length > 0 && readsWhole(entry, table))
      .map(({finding}) => linked('whole table', 'reads a whole table for some rows', finding))
    const waits: Label[] = entry.facts.waits ? [{kind: 'waits', text: 'waits by design', finding: null}] : []
    return [...missing, ...whole, ...sessionLabel(entry), ...waits]
  }
}

/** Findings of indexes/foreign-key-unindexed with their table and columns. */
function unindexed({tables, foreignKeys}: Snapshot['sections'], findings: readonly Finding[]) {
  if (!tables.ok || !foreignKeys.ok) return []
  const tableOf = new Map(tables.data.map(table => [table.oid, table]))
  const keyOf = new Map(
    foreignKeys.data.map(key => [
      `${qualified(key.schema, key.table)} (${key.columnNames.map(quoteIdent).join(', ')})`,
      key,
    ]),
  )
  return findings
    .filter(({rule}) => rule === 'indexes/foreign-key-unindexed')
    .flatMap(finding => {
      const key = keyOf.get(finding.subject)
      const table = key && tableOf.get(key.tableOid)
      return table ? [{table, columns: key.columnNames, finding}] : []
    })
}

const isTable = ({schema, name}: TableName, table: Table): boolean =>
  name === table.name && (schema === null || schema === table.schema)

/** Columns of the table by which the statement chooses its rows; with several tables, only those that surely are its. */
function conditionsOn({facts: {tables, shape, conditions}}: Entry, table: Table): string[] {
  if (!tables.some(each => isTable(each, table))) return []
  if (tables.length === 1) return conditions
  return [...(shape?.equals ?? []), ...(shape?.lists ?? [])]
    .filter(({relation}) => relation !== null && isTable(relation, table))
    .map(({name}) => name)
}

const readsWhole = ({blocks, calls}: Entry, {pages}: Table): boolean =>
  pages > 0 && calls > 0 && blocks / calls >= pages * WHOLE
