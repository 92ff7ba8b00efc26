import {btreeBytes, cannotJudge, type Doubted, doubtOf, statisticsOf} from '../../derive/bloat.js'
import {indexBytes, isUsable, SHARED} from '../../derive/indexes.js'
import {defineRule, type FindingDraft} from '../../rule.js'
import type {Index} from '../../snapshot.js'
import {qualified} from '../../sql/quote.js'
import {bytes, number} from '../../units.js'

export default defineRule({
  id: 'indexes/bloat',
  title: 'Index that is mostly empty space',
  category: 'indexes',
  needs: ['server', 'tables', 'indexes'],
  uses: ['columnStatistics'],
  options: {
    minBytes: {default: 200 * 1024 ** 2, unit: 'bytes', help: 'less waste than this in an index is left alone'},
    minShare: {default: 50, unit: 'percent', help: 'random inserts alone leave a btree a third empty'},
    largeBytes: {default: 2 * 1024 ** 3, unit: 'bytes', help: 'medium from this much waste on'},
    maxModified: {default: 20, unit: 'percent', help: 'no estimate when more rows changed since the last ANALYZE'},
  },
  severity: {
    medium: 'minShare and largeBytes or more: memory and disk are filled with pages that hold little',
    low: 'minShare and minBytes or more: it can be made smaller while the application runs',
  },
  why:
    'Pages of a btree are only used again when they are completely empty, so an index can stay several times larger ' +
    'than its entries need. Each page read then brings few entries, and the cache holds mostly nothing.',
  references: ['https://www.postgresql.org/docs/current/routine-reindex.html'],
  peers: ['PH', 'PD', 'PC', 'AI', 'CP', 'RX', 'PA'],
  check({server, tables, indexes, columnStatistics}, options) {
    const large = indexes.filter(
      index =>
        index.method === 'btree' && isUsable(index) && !index.isExclusion && indexBytes(index) >= options.minBytes,
    )
    if (large.length > 0 && !columnStatistics.ok) {
      const {message, grant} = columnStatistics
      return {cannotJudge: `columnStatistics: ${message}`, ...(grant && {cure: grant})}
    }
    const statistics = statisticsOf(columnStatistics)
    const tableOf = new Map(tables.map(table => [table.oid, table]))
    const doubted: Doubted[] = []
    const judged = large.flatMap(index => {
      const [known, table] = [statistics.get(index.oid), tableOf.get(index.tableOid)]
      if (!known || !table) return []
      const doubt = doubtOf(table, known, options.maxModified)
      if (doubt) doubted.push({table, doubt})
      const expected = doubt ? null : btreeBytes(index.rowsEstimate, known, Number(index.options.fillfactor ?? 90))
      return expected === null ? [] : [{index, wasted: Math.max(0, indexBytes(index) - expected)}]
    })
    const findings = judged
      .filter(({index, wasted}) => wasted >= options.minBytes && shareOf(index, wasted) >= options.minShare)
      .sort((a, b) => b.wasted - a.wasted)
      .map(({index, wasted}) => draft(index, wasted, options.largeBytes))
    if (findings.length === 0 && doubted.length > 0) return cannotJudge(doubted, server)
    return {
      summary:
        `${findings.length || 'none'} of the ${judged.length} btree indexes of ${bytes(options.minBytes)} or more that ` +
        `were looked at is mostly empty${doubted.length > 0 ? `; ${doubted.length} more could not be judged` : ''}`,
      findings: findings,
    }
  },
})

const shareOf = (index: Index, wasted: number) => (wasted / indexBytes(index)) * 100

function draft(index: Index, wasted: number, largeBytes: number): FindingDraft {
  const name = qualified(index.schema, index.name)
  const size = indexBytes(index)
  return {
    severity: wasted >= largeBytes ? 'medium' : 'low',
    subject: name,
    title: `${number(Math.round(shareOf(index, wasted)))} % of index ${name} is empty: ${bytes(wasted)} of ${bytes(size)}`,
    detail:
      `Estimated from the column statistics of ${qualified(index.schema, index.table)}. Equal values that share an ` +
      'entry (13+) are not in the estimate, so it may be more. It grows back when rows come and go in the same way.',
    evidence: [
      {label: 'size', value: size, unit: 'bytes', source: 'pg_class.relpages'},
      {label: 'empty', value: Math.round(wasted), unit: 'bytes', source: 'pg_class.reltuples, pg_stats'},
      {label: 'entries', value: index.rowsEstimate, unit: 'count', source: 'pg_class.reltuples'},
      {label: 'scans', value: index.scans, unit: 'count', source: 'pg_stat_all_indexes'},
    ],
    confidence: 'estimated',
    fixes: [
      {
        kind: 'sql',
        title: `Build ${name} anew`,
        statements: [`REINDEX INDEX CONCURRENTLY ${name}`],
        undo: [],
        lock: `${SHARED}; it waits for the transactions that are open.`,
        note: `It needs ${bytes(size - wasted)} of free disk until it is done.`,
      },
    ],
  }
}
