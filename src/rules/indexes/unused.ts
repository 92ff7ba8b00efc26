import {expendableIndexes} from '../../derive/foreign-keys.js'
import {isIdle, scansSeen, scansWindow, writesTo} from '../../derive/index-use.js'
import {dropIndex, indexBytes} from '../../derive/indexes.js'
import type {StatisticsWindow} from '../../derive/window.js'
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
  uses: ['checkpoints', 'replicas'],
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
  peers: ['PH', 'PB', 'PD'],
  check(sections, options) {
    const {server, tables, indexes, foreignKeys, replicas} = sections
    const window = scansWindow(sections, options.minWindow, 'indexes/unused')
    if ('cannotJudge' in window) return window
    const seen = scansSeen(server, replicas)
    const tableOf = new Map(tables.map(table => [table.oid, table]))
    const candidates = indexes.filter(
      index => indexBytes(index) >= options.minBytes && isIdle(index, server.now, options.staleAfter),
    )
    const findings = expendableIndexes(candidates, indexes, foreignKeys).map(index =>
      draft(index, tableOf.get(index.tableOid), {window, seen, now: server.now}, options),
    )
    return {
      summary:
        `${findings.length || 'no'} unused index of ${bytes(options.minBytes)} or more among ${indexes.length}, ` +
        `in statistics of ${seconds(window.seconds)}`,
      findings: findings,
    }
  },
})

type Limits = {fullWindow: number; largeBytes: number}

type Reading = {window: StatisticsWindow; seen: ReturnType<typeof scansSeen>; now: number}

function draft(index: Index, table: Table | undefined, {window, seen, now}: Reading, limits: Limits): FindingDraft {
  const name = qualified(index.schema, index.name)
  const size = indexBytes(index)
  const isYoung = window.seconds < limits.fullWindow
  const idle = index.lastScan === null ? window.seconds : now - index.lastScan
  const last = index.lastScan === null ? 'No scan of it was counted' : `The last scan was ${seconds(idle)} ago,`
  const expression =
    index.expressions === null ? '' : ' ANALYZE keeps statistics about its expression, which plans may use.'
  return {
    severity: isYoung ? 'info' : size >= limits.largeBytes ? 'medium' : 'low',
    subject: name,
    title: `Index ${name} (${bytes(size)}) has not been used for ${seconds(idle)}`,
    detail:
      `${last} ${seen.text}. Not seen from here: ${index.lastScan === null ? 'whether the index is new, and ' : ''}jobs ` +
      `that run more rarely than that.${expression}`,
    evidence: [
      {label: 'scans', value: index.scans, unit: 'count', source: 'pg_stat_all_indexes'},
      {label: 'statistics cover', value: window.seconds, unit: 'seconds', source: window.source},
      {label: 'size', value: size, unit: 'bytes', source: 'pg_class.relpages'},
      {label: 'writes that it had to follow', value: writesTo(table), unit: 'count', source: 'pg_stat_all_tables'},
    ],
    confidence: isYoung ? 'assumed' : seen.isComplete ? 'measured' : 'estimated',
    fixes: [dropIndex(index, `Drop ${name}`, 'The undo builds it again, which takes as long as it did at first.')],
  }
}
