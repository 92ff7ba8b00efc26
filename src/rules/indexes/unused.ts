import {condense} from '../../derive/condense.js'
import {expendableIndexes} from '../../derive/foreign-keys.js'
import {dropIndex, indexBytes} from '../../derive/indexes.js'
import {type StatisticsWindow, statisticsWindow} from '../../derive/window.js'
import {defineRule, type FindingDraft} from '../../rule.js'
import type {Index, Table} from '../../snapshot.js'
import {qualified} from '../../sql/quote.js'
import {bytes, seconds} from '../../units.js'

const DAY = 86_400

export default defineRule({
  id: 'indexes/unused',
  title: 'Index that no query uses',
  category: 'indexes',
  needs: ['server', 'databases', 'tables', 'indexes', 'foreignKeys'],
  uses: ['checkpoints'],
  options: {
    minBytes: {default: 10 * 1024 ** 2, unit: 'bytes', help: 'smaller indexes are left alone'},
    largeBytes: {default: 100 * 1024 ** 2, unit: 'bytes', help: 'medium from this size on'},
    minWindow: {default: DAY, unit: 'seconds', help: 'no judgement on statistics younger than this'},
    fullWindow: {default: 7 * DAY, unit: 'seconds', help: 'only info on statistics younger than this'},
    staleAfter: {default: 90 * DAY, unit: 'seconds', help: 'as good as unused when the last scan is this old (16+)'},
  },
  severity: {
    medium: 'no scan in fullWindow or longer, and largeBytes or more: disk, memory and work for each write are wasted',
    low: 'no scan in fullWindow or longer, and smaller than that',
    info: 'no scan, but the statistics are younger than fullWindow: the weekly and monthly jobs have not all run',
  },
  why:
    'An index costs time at each insert and at many updates, disk, and memory; one that is never read gives nothing ' +
    'back. The statistics of one server and a few days do not prove that: each replica counts its own scans.',
  references: ['https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-PG-STAT-ALL-INDEXES-VIEW'],
  check({server, databases, tables, indexes, foreignKeys, checkpoints}, options) {
    if (server.inRecovery) {
      return {
        cannotJudge: 'a standby counts only its own scans',
        cure: 'ahsp-db check --only indexes/unused   # on the primary',
      }
    }
    const database = databases.find(({name}) => name === server.database)
    if (!database) return {cannotJudge: `pg_stat_database has no row for ${server.database}`}
    const window = statisticsWindow(database, server, checkpoints)
    if (window.seconds < options.minWindow) {
      return {cannotJudge: `the statistics cover only ${seconds(window.seconds)}, since ${window.source}`}
    }
    const isIdle = ({scans, lastScan}: Index) =>
      scans === 0 || (lastScan !== null && server.now - lastScan >= options.staleAfter)
    const candidates = indexes.filter(index => indexBytes(index) >= options.minBytes && isIdle(index))
    const findings = expendableIndexes(candidates, indexes, foreignKeys).map(index =>
      draft(
        index,
        tables.find(({oid}) => oid === index.tableOid),
        window,
        server.now,
        options,
      ),
    )
    return {
      summary:
        `${findings.length || 'no'} unused index of ${bytes(options.minBytes)} or more among ${indexes.length}, ` +
        `in statistics of ${seconds(window.seconds)}`,
      findings: condense(findings, 'further unused indexes'),
    }
  },
})

type Limits = {fullWindow: number; largeBytes: number}

function draft(
  index: Index,
  table: Table | undefined,
  window: StatisticsWindow,
  now: number,
  limits: Limits,
): FindingDraft {
  const name = qualified(index.schema, index.name)
  const size = indexBytes(index)
  const isYoung = window.seconds < limits.fullWindow
  const idle = index.scans > 0 && index.lastScan !== null ? now - index.lastScan : window.seconds
  const writes = table ? table.inserts + table.updates + table.deletes : 0
  const expression =
    index.expressions === null ? '' : ' ANALYZE keeps statistics about its expression, which plans may use.'
  return {
    severity: isYoung ? 'info' : size >= limits.largeBytes ? 'medium' : 'low',
    subject: name,
    title: `Index ${name} (${bytes(size)}) has not been used for ${seconds(idle)}`,
    detail:
      `No scan of it was counted on this server. Not seen from here: replicas, jobs that run ` +
      `more rarely than that, and whether the index is new. Look at idx_scan on each replica before you drop it.${expression}`,
    evidence: [
      {label: 'scans', value: index.scans, unit: 'count', source: 'pg_stat_all_indexes'},
      {label: 'statistics cover', value: window.seconds, unit: 'seconds', source: window.source},
      {label: 'size', value: size, unit: 'bytes', source: 'pg_class.relpages'},
      {label: 'writes to the table', value: writes, unit: 'count', source: 'pg_stat_all_tables'},
    ],
    confidence: isYoung ? 'assumed' : 'measured',
    fixes: [dropIndex(index, `Drop ${name}`, 'The undo builds it again, which takes as long as it did at first.')],
  }
}
