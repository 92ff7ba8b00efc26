import {advisedFor} from '../../derive/advised-index.js'
import {oncePerColumns, sizeOf, type UnindexedKey, unindexedKeys} from '../../derive/foreign-keys.js'
import {createIndex, isUsable, takenNames} from '../../derive/indexes.js'
import {statisticsWindow} from '../../derive/window.js'
import {defineRule, type Evidence, type FindingDraft, SEVERITIES} from '../../rule.js'
import type {Index, IndexAdvice, Section, Table} from '../../snapshot.js'
import {qualified, quoteIdent} from '../../sql/quote.js'
import {number} from '../../units.js'

const DAY = 86_400

export default defineRule({
  id: 'indexes/foreign-key-unindexed',
  title: 'Foreign key without an index',
  category: 'indexes',
  needs: ['server', 'databases', 'tables', 'foreignKeys'],
  uses: ['indexes', 'checkpoints', 'indexAdvice'],
  options: {
    minRows: {default: 1000, unit: 'count', help: 'a table below this and below minPages is read in no time anyway'},
    minPages: {default: 20, unit: 'count', help: 'see minRows'},
    largeRows: {default: 10_000, unit: 'count', help: 'reading this many rows for each lookup is felt'},
    scans: {default: 100, unit: 'count', help: 'often read as a whole: so many sequential scans, and as many each day'},
  },
  severity: {
    high: 'the table is often read as a whole, largeRows rows or more each time: users feel it',
    medium:
      'it has largeRows rows, or is often read as a whole, or rows that it refers to are deleted (which reads it)',
    low: 'it is smaller, and nothing of that was seen: it will matter when it grows',
  },
  why:
    'PostgreSQL indexes the key that is referred to, never the columns that refer to it. Without an index of their ' +
    'own, each delete of a referenced row, and many a join, reads the whole table and holds its locks meanwhile.',
  references: ['https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-FK'],
  check({server, databases, tables, foreignKeys, indexes, checkpoints, indexAdvice}, options) {
    if (!indexes.ok) return {cannotJudge: `indexes: ${indexes.message}`}
    if (indexes.total) return {cannotJudge: `only ${indexes.data.length} of ${indexes.total} indexes were read`}
    const database = databases.find(({name}) => name === server.database)
    const window = statisticsWindow({statsReset: database?.statsReset ?? null}, server, checkpoints)
    const limits = {...options, scans: options.scans * Math.max(1, window.seconds / DAY)}
    const catalog = {tables, indexes: indexes.data, taken: takenNames(tables, indexes.data)}
    const findings = oncePerColumns(unindexedKeys({...catalog, foreignKeys}))
      .map(key => ({...key, size: sizeOf(key.holders)}))
      .filter(({size}) => size.rows >= options.minRows || size.pages >= options.minPages)
      .sort((a, b) => b.size.rows - a.size.rows)
      .map(key => draft(key, catalog, limits, alsoMissing(key, indexAdvice)))
      .sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity))
    return {
      summary:
        `${foreignKeys.length} foreign keys of ${tables.length} tables were looked at, ` +
        `${findings.length || 'none'} without an index where there are ${number(options.minRows)} rows or more`,
      findings: findings,
    }
  },
})

type Catalog = {tables: Table[]; indexes: Index[]; taken: ReturnType<typeof takenNames>}
type Sized = UnindexedKey & {size: ReturnType<typeof sizeOf>}

function draft(key: Sized, catalog: Catalog, limits: {largeRows: number; scans: number}, also: string): FindingDraft {
  const {foreignKey, table, holders, size} = key
  const subject = `${qualified(table.schema, table.name)} (${foreignKey.columnNames.map(quoteIdent).join(', ')})`
  const referenced = qualified(foreignKey.referencedSchema, foreignKey.referencedTable)
  const deletes = catalog.tables.find(({oid}) => oid === foreignKey.referencedOid)?.deletes ?? 0
  const isLarge = size.rows >= limits.largeRows
  const isScanned = size.seqScans >= limits.scans && size.seqRowsRead / size.seqScans >= size.rows / 2
  const felt = isScanned
    ? `It was read as a whole ${number(size.seqScans)} times since the statistics began.`
    : 'It is not often read as a whole, by the statistics; EXPLAIN of such a delete or join would confirm it.'
  return {
    severity: isScanned && isLarge ? 'high' : isScanned || isLarge || deletes > 0 ? 'medium' : 'low',
    subject,
    title: `Foreign key ${subject} has no index`,
    detail:
      `To find the rows that refer to one row of ${referenced}, all ${number(size.rows)} are read. ${felt}` +
      nearMiss(key, catalog.indexes) +
      also,
    evidence: evidence(key, referenced, deletes),
    confidence: isScanned ? 'measured' : 'estimated',
    fixes: [createIndex({table, partitions: holders, columns: foreignKey.columnNames, taken: catalog.taken})],
  }
}

/** One index is enough for both. */
function alsoMissing({table, foreignKey}: Sized, advice: Section<IndexAdvice>): string {
  const advised = advisedFor(advice, table, foreignKey.columnNames)
  if (!advised) return ''
  return ' The statements want it, too: with the index that indexes/missing names this one is not needed.'
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
