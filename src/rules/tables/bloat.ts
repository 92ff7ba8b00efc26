import {cannotJudge, type Doubted, doubtOf, heapBytes, heapFileBytes, statisticsOf} from '../../derive/bloat.js'
import {defineRule, type FindingDraft, type FixRequest} from '../../rule.js'
import type {Table} from '../../snapshot.js'
import {qualified} from '../../sql/quote.js'
import {bytes, number} from '../../units.js'

export default defineRule({
  id: 'tables/bloat',
  title: 'Table that is mostly empty space',
  category: 'tables',
  needs: ['server', 'tables'],
  uses: ['columnStatistics', 'tableSpace'],
  options: {
    minBytes: {default: 100 * 1024 ** 2, unit: 'bytes', help: 'less waste than this in a table is left alone'},
    minShare: {default: 30, unit: 'percent', help: 'waste below this is what updates between two vacuums leave'},
    largeBytes: {default: 1024 ** 3, unit: 'bytes', help: 'medium from this much waste on, with largeShare'},
    largeShare: {default: 50, unit: 'percent', help: 'see largeBytes'},
    maxModified: {default: 20, unit: 'percent', help: 'no estimate when more rows changed since the last ANALYZE'},
  },
  severity: {
    medium: 'largeBytes and largeShare or more: memory is filled and disk is read for space that holds no rows',
    low: 'minBytes and minShare or more: some of it will be used again',
  },
  why:
    'Rows that were deleted or updated leave space that only this table can use again. When there is far more of ' +
    'it than new rows need, sequential scans, backups and the cache carry it along.',
  references: ['https://www.postgresql.org/docs/current/routine-vacuuming.html#VACUUM-FOR-SPACE-RECOVERY'],
  peers: ['PH', 'PD', 'PC', 'AI', 'CP', 'RX', 'PA'],
  check({server, tables, columnStatistics, tableSpace}, options) {
    const large = tables.filter(table => table.kind !== 'partitioned' && heapFileBytes(table) >= options.minBytes)
    const statistics = statisticsOf(columnStatistics)
    const measured = new Map(tableSpace.ok ? tableSpace.data.map(space => [space.oid, space]) : [])
    if (large.length > 0 && !columnStatistics.ok && measured.size === 0) {
      const {message, grant} = columnStatistics
      return {cannotJudge: `columnStatistics: ${message}`, ...(grant && {cure: grant})}
    }
    const doubted: Doubted[] = []
    const bloated = large.flatMap(table => {
      const space = measured.get(table.oid)
      const fillfactor = Number(table.options.fillfactor ?? 100)
      if (space) return [bloatOf(table, space.bytes, space.liveBytes / (fillfactor / 100), true)]
      const known = statistics.get(table.oid)
      const doubt = known ? doubtOf(table, known, options.maxModified) : null
      if (doubt) doubted.push({table, doubt})
      const expected = known && !doubt ? heapBytes(table.rowsEstimate, known, fillfactor) : null
      return expected === null ? [] : [bloatOf(table, table.pages * 8192, expected, false)]
    })
    const findings = bloated
      .filter(({wasted, share}) => wasted >= options.minBytes && share >= options.minShare)
      .sort((a, b) => b.wasted - a.wasted)
      .map(bloat => draft(bloat, options))
    if (findings.length === 0 && doubted.length > 0) return cannotJudge(doubted, server)
    const others = [
      doubted.length > 0 ? `; ${doubted.length} more could not be judged` : '',
      tableSpace.ok || tableSpace.reason === 'unsupported' ? '' : `; not measured: ${tableSpace.message}`,
    ]
    return {
      summary:
        `${findings.length || 'none'} of the ${bloated.length} tables of ${bytes(options.minBytes)} or more that were ` +
        `looked at wastes that much${others.join('')}`,
      findings: findings,
    }
  },
})

type Bloat = {table: Table; size: number; wasted: number; share: number; isMeasured: boolean}

function bloatOf(table: Table, size: number, expected: number, isMeasured: boolean): Bloat {
  const wasted = Math.max(0, size - expected)
  return {table, size, wasted, share: size > 0 ? (wasted / size) * 100 : 0, isMeasured}
}

function draft({table, size, wasted, share, isMeasured}: Bloat, limits: {largeBytes: number; largeShare: number}) {
  const name = qualified(table.schema, table.name)
  const how = isMeasured
    ? 'Measured with pgstattuple_approx.'
    : 'Estimated from the column statistics, give or take a tenth; ahsp-db check --deep measures it.'
  const source = isMeasured ? 'pgstattuple_approx' : 'pg_class.relpages, pg_stats'
  return {
    severity: wasted >= limits.largeBytes && share >= limits.largeShare ? 'medium' : 'low',
    subject: name,
    title: `${number(Math.round(share))} % of table ${name} holds no rows: ${bytes(wasted)} of ${bytes(size)}`,
    detail:
      `${how} New rows will use this space first, so leave it when the table is about to grow again. When it was a ` +
      'clean-up that happens once, give it back; when it comes again, look at the vacuum rules first.',
    evidence: [
      {label: 'size of the heap', value: size, unit: 'bytes', source},
      {label: 'without rows', value: Math.round(wasted), unit: 'bytes', source},
      {label: 'dead rows', value: table.deadRows, unit: 'count', source: 'pg_stat_all_tables'},
      {label: 'rows', value: table.rowsEstimate, unit: 'count', source: 'pg_class.reltuples'},
    ],
    confidence: isMeasured ? 'measured' : 'estimated',
    fixes: [rewrite(name, size - wasted)],
  } satisfies FindingDraft
}

const rewrite = (name: string, needed: number): FixRequest => ({
  kind: 'sql',
  title: `Write ${name} anew, without the empty space`,
  statements: [`VACUUM (FULL, ANALYZE) ${name}`],
  undo: [],
  lock: 'ACCESS EXCLUSIVE on the table for the whole time: nobody can read or write it. Only in a maintenance window.',
  note:
    `It needs ${bytes(needed)} of free disk, and as much again for the indexes, until it is done. pg_repack does the ` +
    'same without stopping reads and writes, where its extension can be installed (pg_repack --table).',
})
