import {expendableIndexes} from '../../derive/foreign-keys.js'
import {isIdle, scansSeen, scansWindow, writesTo} from '../../derive/index-use.js'
import {dropIndex, indexBytes} from '../../derive/indexes.js'
import {defineRule, type FindingDraft, SEVERITIES} from '../../rule.js'
import type {Index} from '../../snapshot.js'
import {qualified} from '../../sql/quote.js'
import {bytes, number, seconds} from '../../units.js'

const DAY = 86_400

export default defineRule({
  id: 'indexes/low-use',
  title: 'Index that costs far more than it serves',
  category: 'indexes',
  needs: ['server', 'databases', 'tables', 'indexes', 'foreignKeys'],
  uses: ['checkpoints', 'replicas'],
  options: {
    minBytes: {default: 100 * 1024 ** 2, unit: 'bytes', help: 'smaller indexes are left alone'},
    largeBytes: {default: 1024 ** 3, unit: 'bytes', help: 'low from this size on'},
    minWindow: {default: 7 * DAY, unit: 'seconds', help: 'no judgement on statistics younger than this'},
    maxScansPerDay: {default: 5, unit: 'count', help: 'an index with more scans than this is in use'},
    writesPerScan: {default: 10_000, unit: 'count', help: 'writes that one scan must be worth'},
    staleAfter: {default: 90 * DAY, unit: 'seconds', help: 'older last scans are for indexes/unused (16+)'},
  },
  severity: {
    low: 'few scans against very many writes, and largeBytes or more: somebody should decide whether it pays',
    info: 'the same, and smaller: the few scans may be the monthly report that it was made for',
  },
  why:
    'Each insert, and each update that cannot stay in its page, must also write to every index. One that serves a ' +
    'few reads a day among millions of writes may cost more than it saves.',
  references: ['https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-PG-STAT-ALL-INDEXES-VIEW'],
  peers: ['PH', 'PD', 'IH', 'RX'],
  check(sections, options) {
    const {server, tables, indexes, foreignKeys, replicas} = sections
    const window = scansWindow(sections, options.minWindow, 'indexes/low-use')
    if ('cannotJudge' in window) return window
    const writes = new Map(tables.map(table => [table.oid, writesTo(table)]))
    const isSeldomUsed = (index: Index) =>
      indexBytes(index) >= options.minBytes &&
      index.scans > 0 &&
      index.replicaScans !== null &&
      !isIdle(index, server.now, options.staleAfter) &&
      index.scans / Math.max(1, window.seconds / DAY) <= options.maxScansPerDay &&
      (writes.get(index.tableOid) ?? 0) >= options.writesPerScan * index.scans
    const seen = scansSeen(server, replicas).text
    const findings = expendableIndexes(indexes.filter(isSeldomUsed), indexes, foreignKeys)
      .map(index => draft(index, writes.get(index.tableOid)!, {seen, covers: window.seconds}, options.largeBytes))
      .sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity))
    return {
      summary:
        `${findings.length || 'no'} index of ${bytes(options.minBytes)} or more that is hardly used among ` +
        `${indexes.length}, in statistics of ${seconds(window.seconds)}`,
      findings: findings,
    }
  },
})

type Reading = {seen: string; covers: number}

function draft(index: Index, writes: number, {seen, covers}: Reading, largeBytes: number): FindingDraft {
  const name = qualified(index.schema, index.name)
  const size = indexBytes(index)
  return {
    severity: size >= largeBytes ? 'low' : 'info',
    subject: name,
    title: `Index ${name} (${bytes(size)}) served ${number(index.scans)} scans against ${number(writes)} writes`,
    detail:
      `Counted in ${seconds(covers)} ${seen}. Not seen from here: what these scans were for. A report that runs once ` +
      'a month may need them; find its query, and see with EXPLAIN what it costs without the index.',
    evidence: [
      {label: 'scans', value: index.scans, unit: 'count', source: 'pg_stat_all_indexes'},
      {label: 'rows that they returned', value: index.rowsRead, unit: 'count', source: 'pg_stat_all_indexes'},
      {label: 'writes that it had to follow', value: writes, unit: 'count', source: 'pg_stat_all_tables'},
      {label: 'size', value: size, unit: 'bytes', source: 'pg_class.relpages'},
    ],
    confidence: 'estimated',
    fixes: [
      dropIndex(
        index,
        `Drop ${name}, when its queries can do without`,
        'The undo builds it again, which takes a while.',
      ),
    ],
  }
}
