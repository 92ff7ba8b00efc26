import {advisedFor, advisedSubject} from '../../derive/advised-index.js'
import {findCondition, readersOf} from '../../derive/reads.js'
import {type StatisticsWindow, statisticsWindow} from '../../derive/window.js'
import {defineRule, type FindingDraft, type FixRequest} from '../../rule.js'
import type {AdvisedIndex, Table} from '../../snapshot.js'
import {qualified} from '../../sql/quote.js'
import {number, seconds} from '../../units.js'

const DAY = 86_400

export default defineRule({
  id: 'tables/seq-scan-heavy',
  title: 'Large table that is read from end to end all the time',
  category: 'tables',
  needs: ['server', 'databases', 'tables'],
  uses: ['checkpoints', 'statements', 'statementTexts', 'indexAdvice'],
  options: {
    minRows: {default: 50_000, unit: 'count', help: 'smaller tables are best read as a whole'},
    minScans: {default: 100, unit: 'count', help: 'fewer sequential scans than this are no pattern'},
    scansPerDay: {default: 48, unit: 'count', help: 'fewer than this are nightly dumps and reports'},
    minRowsPerScan: {default: 10_000, unit: 'count', help: 'scans that stop earlier (LIMIT) are cheap'},
    overIndex: {default: 10, unit: 'ratio', help: 'rows read by scans for each row found by an index'},
    minShare: {default: 10, unit: 'percent', help: 'of all rows that were read in this database'},
    lowRate: {default: 10_000, unit: 'count', help: 'rows per second by scans: less is not worth an index'},
    mediumRate: {default: 100_000, unit: 'count', help: 'rows per second, about two per cent of a core all day'},
    highRate: {default: 1_000_000, unit: 'count', help: 'rows per second, about a fifth of a core all day'},
    minWindow: {default: 900, unit: 'seconds', help: 'no judgement on statistics younger than this'},
  },
  severity: {
    high: 'highRate or more rows per second, on average over the statistics: the busy hours are felt by everybody',
    medium: 'mediumRate or more: CPU, and cache that other queries need',
    low: 'lowRate or more: an index is worth a look',
  },
  why:
    'A query that needs a few rows of a large table and finds no index reads all of it, every time. It is fast while ' +
    'the table is small and one user asks; both grow, and the time is their product.',
  references: ['https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-PG-STAT-ALL-TABLES-VIEW'],
  peers: ['PB', 'PD', 'RX', 'DA', 'IH', 'SB'],
  parses: ({tables, statements}) => statements.ok && tables.some(({seqRowsRead}) => seqRowsRead >= 1_000_000),
  check({server, databases, tables, checkpoints, statements, statementTexts, indexAdvice}, options) {
    const database = databases.find(({name}) => name === server.database)
    if (!database) return {cannotJudge: `pg_stat_database has no row for ${server.database}`}
    const window = statisticsWindow(database, server, checkpoints)
    // Counters outlive restarts: an unknown age would make a high rate out of an old history.
    const isKnown = window.isExact || (checkpoints.ok && checkpoints.data.statsReset !== null)
    if (!isKnown) return {cannotJudge: 'it is not known since when the counters count'}
    if (window.seconds < options.minWindow) {
      return {cannotJudge: `the statistics cover only ${seconds(window.seconds)}, since ${window.source}`}
    }
    const time = Math.max(1, window.seconds)
    const all = tables.reduce((sum, table) => sum + table.seqRowsRead + (table.indexRowsFetched ?? 0), 0)
    const heavy = tables
      .filter(
        table =>
          Math.max(table.rowsEstimate, table.liveRows) >= options.minRows &&
          table.seqScans >= Math.max(options.minScans, (options.scansPerDay * time) / DAY) &&
          table.seqRowsRead / table.seqScans >= options.minRowsPerScan &&
          table.seqRowsRead >= options.overIndex * (table.indexRowsFetched ?? 0) &&
          table.seqRowsRead / time >= options.lowRate &&
          (table.seqRowsRead / all) * 100 >= options.minShare,
      )
      .sort((a, b) => b.seqRowsRead - a.seqRowsRead)
    const share = (table: Table) => (table.seqRowsRead / all) * 100
    return {
      summary:
        `${heavy.length || 'none'} of ${tables.length} tables is large and read from end to end all the time, ` +
        `in statistics of ${seconds(window.seconds)}`,
      findings: heavy.map(table =>
        draft(
          table,
          {window, rate: table.seqRowsRead / time, share: share(table)},
          findCondition(
            qualified(table.schema, table.name),
            readersOf(table, server.database, statements, statementTexts),
            subjectOf(advisedFor(indexAdvice, table)),
          ),
          options,
        ),
      ),
    }
  },
})

const subjectOf = (index: AdvisedIndex | undefined) => index && advisedSubject(index)

type Load = {window: StatisticsWindow; rate: number; share: number}

function draft(
  table: Table,
  {window, rate, share}: Load,
  fix: FixRequest,
  limits: {highRate: number; mediumRate: number},
): FindingDraft {
  const name = qualified(table.schema, table.name)
  const perScan = table.seqRowsRead / table.seqScans
  return {
    severity: rate >= limits.highRate ? 'high' : rate >= limits.mediumRate ? 'medium' : 'low',
    subject: name,
    title: `Table ${name} was read from end to end ${number(table.seqScans)} times in ${seconds(window.seconds)}`,
    detail:
      `Each scan read ${number(Math.round(perScan))} rows, ${number(Math.round(share))} % of all that was read here. Not seen ` +
      'from here: how many of them the queries needed. Where they need most of the table, no index helps, and a summary ' +
      'table or a cache does.',
    evidence: [
      {label: 'sequential scans', value: table.seqScans, unit: 'count', source: 'pg_stat_all_tables'},
      {label: 'rows read by them', value: table.seqRowsRead, unit: 'count', source: 'pg_stat_all_tables'},
      {label: 'rows found by index', value: table.indexRowsFetched ?? 0, unit: 'count', source: 'pg_stat_all_tables'},
      {label: 'rows read', value: Math.round(rate), unit: 'per second', source: `the same, since ${window.source}`},
    ],
    confidence: window.isExact ? 'measured' : 'estimated',
    fixes: [fix],
  }
}
