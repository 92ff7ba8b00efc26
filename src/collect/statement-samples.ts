import type {StatementSamples} from '../snapshot.js'
import {type CollectContext, MARK, type Row} from './collector.js'
import {type Run, readRows} from './read.js'
import {view} from './statements.js'

/** Statements in each sample: those with most calls or rows. */
export const MOST = 1000

/** Milliseconds between two samples: ten in a window, but not so often that a request is cut into pieces. */
const sampleInterval = (windowSeconds: number): number => Math.min(5000, Math.max(1000, windowSeconds * 100))

/** Reads the counters again and again while a window lasts. Without the extension, or the rights, it reads nothing. */
export function statementCounters(run: Run, windowSeconds: number) {
  const start = performance.now()
  const taken: Row[][] = []
  return {
    // A second is waited between two looks: half of that is the nearest.
    isDue: () => performance.now() + 500 >= start + taken.length * sampleInterval(windowSeconds),
    read: async () => {
      const sql = run.context && samplesSql(run.context)
      taken.push((sql && (await readRows(run, sql))) || [])
    },
    samples: () => statementSamples(taken),
  }
}

/** Calls and rows so far, without texts; null: there is no pg_stat_statements. */
function samplesSql(context: CollectContext): string | null {
  if (!context.statements) return null
  const minor = Number(context.statements.version.split('.')[1] ?? 0)
  const info = `${view(context)}_info`
  // Entries that are evicted, or all of them forgotten, make the sums wrong.
  const epoch = minor >= 9 ? `(SELECT dealloc::text || ' ' || stats_reset::text FROM ${info})` : `''::text`
  return `SELECT ${MARK} s.queryid::text AS queryid, pg_catalog.sum(s.calls)::float8 AS calls,
      pg_catalog.sum(s.rows)::float8 AS rows, ${epoch} AS epoch,
      extract(epoch from pg_catalog.clock_timestamp())::float8 AS at
    FROM ${view(context)}(false) s
    WHERE s.queryid IS NOT NULL ${minor >= 9 ? 'AND s.toplevel' : ''}
      AND s.dbid = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
    GROUP BY s.queryid
    ORDER BY greatest(pg_catalog.sum(s.calls), pg_catalog.sum(s.rows)) DESC, s.queryid
    LIMIT ${MOST}`
}

/** What was counted between the samples, for the statements that ran; null when that cannot be told. */
export function statementSamples(samples: readonly Row[][]): StatementSamples | null {
  if (samples.length < 2 || samples.some(rows => rows.length === 0)) return null
  const epochs = new Set(samples.map(([first]) => first!.epoch))
  const at = samples.map(([first]) => Number(first!.at))
  if (epochs.size > 1) return {at, wasReset: true, statements: []}
  const byId = samples.map(rows => new Map(rows.map(row => [String(row.queryid), row])))
  const ids = [...new Set(byId.flatMap(sample => [...sample.keys()]))].sort()
  const statements = ids.map(queryid => ({
    queryid,
    calls: increments(byId, queryid, 'calls'),
    rows: increments(byId, queryid, 'rows'),
  }))
  return {at, wasReset: false, statements: statements.filter(({calls}) => calls.some(each => each > 0))}
}

/** Of one that was not among the most before, only where all were read is it known that it was not called. */
function increments(samples: readonly Map<string, Row>[], queryid: string, name: 'calls' | 'rows'): number[] {
  return samples.slice(1).map((sample, at) => {
    const before = samples[at]!
    const now = sample.get(queryid)
    const known = before.get(queryid) ?? (before.size < MOST ? {[name]: 0} : undefined)
    return now && known ? Math.max(0, Number(now[name]) - Number(known[name])) : 0
  })
}
