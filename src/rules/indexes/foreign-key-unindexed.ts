import {condense} from '../../derive/condense.js'
import {oncePerColumns, sizeOf, type UnindexedKey, unindexedKeys} from '../../derive/foreign-keys.js'
import {createIndex, isUsable, takenNames} from '../../derive/indexes.js'
import {defineRule, type Evidence, type FindingDraft, SEVERITIES} from '../../rule.js'
import type {Index, Table} from '../../snapshot.js'
import {qualified, quoteIdent} from '../../sql/quote.js'
import {number} from '../../units.js'

export default defineRule({
  id: 'indexes/foreign-key-unindexed',
  title: 'Foreign key without an index',
  category: 'indexes',
  needs: ['tables', 'foreignKeys'],
  uses: ['indexes'],
  options: {
    minRows: {default: 1000, unit: 'count', help: 'a table below this and below minPages is read in no time anyway'},
    minPages: {default: 20, unit: 'count', help: 'see minRows'},
    largeRows: {default: 10_000, unit: 'count', help: 'reading this many rows for each lookup is felt'},
    scans: {default: 100, unit: 'count', help: 'high from this many sequential scans of largeRows rows each on'},
  },
  severity: {
    high: 'the table is read from end to end again and again, largeRows rows or more each time: users feel it',
    medium: 'the table has largeRows rows, or rows that it refers to are deleted: each delete reads all of it',
    low: 'the table is smaller and nothing that it refers to was deleted: it will matter when it grows',
  },
  why:
    'PostgreSQL indexes the key that is referred to, never the columns that refer to it. Without an index of their ' +
    'own, each delete of a referenced row, and many a join, reads the whole table and holds its locks meanwhile.',
  references: ['https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-FK'],
  check({tables, foreignKeys, indexes}, options) {
    if (!indexes.ok) return {cannotJudge: `indexes: ${indexes.message}`}
    if (indexes.total) return {cannotJudge: `only ${indexes.data.length} of ${indexes.total} indexes were read`}
    const catalog = {tables, indexes: indexes.data, taken: takenNames(tables, indexes.data)}
    const findings = oncePerColumns(unindexedKeys({...catalog, foreignKeys}))
      .map(key => ({...key, size: sizeOf(key.holders)}))
      .filter(({size}) => size.rows >= options.minRows || size.pages >= options.minPages)
      .sort((a, b) => b.size.rows - a.size.rows)
      .map(key => draft(key, catalog, options))
      .sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity))
    return {
      summary:
        `${foreignKeys.length} foreign keys of ${tables.length} tables were looked at, ` +
        `${findings.length || 'none'} without an index where there are ${number(options.minRows)} rows or more`,
      findings: condense(findings, 'further foreign keys without an index'),
    }
  },
})

type Catalog = {tables: Table[]; indexes: Index[]; taken: ReturnType<typeof takenNames>}
type Sized = UnindexedKey & {size: ReturnType<typeof sizeOf>}

function draft(key: Sized, catalog: Catalog, limits: {largeRows: number; scans: number}): FindingDraft {
  const {foreignKey, table, holders, size} = key
  const subject = `${qualified(table.schema, table.name)} (${foreignKey.columnNames.map(quoteIdent).join(', ')})`
  const referenced = qualified(foreignKey.referencedSchema, foreignKey.referencedTable)
  const deletes = catalog.tables.find(({oid}) => oid === foreignKey.referencedOid)?.deletes ?? 0
  const isScanned = size.seqScans >= limits.scans && size.seqRowsRead / size.seqScans >= limits.largeRows
  const felt = isScanned
    ? `It was read from end to end ${number(size.seqScans)} times since the statistics began.`
    : 'No heavy reading of it shows in the statistics; EXPLAIN of such a delete or join would confirm it.'
  return {
    severity: isScanned ? 'high' : size.rows >= limits.largeRows || deletes > 0 ? 'medium' : 'low',
    subject,
    title: `Foreign key ${subject} has no index`,
    detail:
      `To find the rows that refer to one row of ${referenced}, all ${number(size.rows)} are read. ${felt}` +
      nearMiss(key, catalog.indexes),
    evidence: evidence(key, referenced, deletes),
    confidence: isScanned ? 'measured' : 'estimated',
    fixes: [createIndex({table, partitions: holders, columns: foreignKey.columnNames, taken: catalog.taken})],
  }
}

const evidence = ({size, foreignKey}: Sized, referenced: string, deletes: number): Evidence[] => [
  {label: 'constraint', value: foreignKey.name, source: 'pg_constraint'},
  {label: 'rows', value: size.rows, unit: 'count', source: 'pg_class, pg_stat_all_tables'},
  {label: 'sequential scans', value: size.seqScans, unit: 'count', source: 'pg_stat_all_tables'},
  {label: 'rows read by them', value: size.seqRowsRead, unit: 'count', source: 'pg_stat_all_tables'},
  {label: `deletes from ${referenced}`, value: deletes, unit: 'count', source: 'pg_stat_all_tables'},
]

/** An index that looks as if it did: why it does not. */
function nearMiss({foreignKey, holders}: Sized, indexes: Index[]): string {
  const near = indexes.find(
    index =>
      holders.some(({oid}) => oid === index.tableOid) &&
      index.keyNames.some(name => name !== null && foreignKey.columnNames.includes(name)),
  )
  if (!near) return ''
  const reason = !isUsable(near)
    ? 'it is invalid or still being built'
    : near.predicate !== null
      ? 'it is partial'
      : 'these columns are not all in front'
  return ` Its index ${quoteIdent(near.name)} does not help: ${reason}.`
}
