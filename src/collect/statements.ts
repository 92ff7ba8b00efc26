import type {Section, Statement, StatementsInfo, StatementText} from '../snapshot.js'
import {type CollectContext, collector, count, epoch, MARK} from './collector.js'

/** Entries fetched per order; their union is what the rules see. */
const TOP = {total_ms: 300, calls: 200, rows: 200, temp_blocks: 50, mean_ms: 50}

/** Longer texts are cut; generated IN lists and dumps reach megabytes. */
const MAX_TEXT = 16384

const ABSENT: Section<never> = {
  ok: false,
  reason: 'missing-extension',
  message: 'pg_stat_statements is not created in this database',
  grant: 'CREATE EXTENSION pg_stat_statements;',
}
export const needsExtension = (context: CollectContext) => (context.statements ? null : ABSENT)

export const view = ({statements}: CollectContext) => `"${statements!.schema.replaceAll('"', '""')}".pg_stat_statements`

/** The extension's own version decides the columns, not the server's: pg_upgrade keeps the old one. */
function extensionAtLeast(context: CollectContext, version: string): boolean {
  const [major = 0, minor = 0] = context.statements!.version.split('.').map(Number)
  const [wantedMajor = 0, wantedMinor = 0] = version.split('.').map(Number)
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)
}

export const statementsInfo = collector({
  section: 'statementsInfo',
  unavailable: needsExtension,
  sql: context => {
    const time = extensionAtLeast(context, '1.8') ? 'total_exec_time' : 'total_time'
    const info = extensionAtLeast(context, '1.9')
      ? `(SELECT dealloc::float8 FROM ${view(context)}_info) AS evictions,
         (SELECT extract(epoch from stats_reset)::float8 FROM ${view(context)}_info) AS "statsReset"`
      : 'NULL::float8 AS evictions, NULL::float8 AS "statsReset"'
    return `SELECT ${MARK} pg_catalog.count(*)::int AS entries,
        pg_catalog.current_setting('pg_stat_statements.max')::int AS "maxEntries",
        coalesce(pg_catalog.sum(calls), 0)::float8 AS "totalCalls", coalesce(pg_catalog.sum(${time}), 0) AS "totalMs",
        ${info}
      FROM ${view(context)}(false)`
  },
  map: (rows, {statements}) =>
    ({...rows[0]!, extensionVersion: statements!.version, schema: statements!.schema}) as unknown as StatementsInfo,
})

function metricColumns(context: CollectContext): string {
  const modern = extensionAtLeast(context, '1.8')
  const time = (name: string) => (modern ? `${name}_exec_time` : `${name}_time`)
  const io = extensionAtLeast(context, '1.11') ? 'shared_blk' : 'blk'
  return `s.dbid::int8 AS dbid, s.userid::int8 AS userid, s.queryid::text AS queryid,
      ${extensionAtLeast(context, '1.9') ? 's.toplevel' : 'true'} AS toplevel,
      ${count('s.calls', 'calls')}, s.${time('total')} AS "totalMs", s.${time('min')} AS "minMs",
      s.${time('max')} AS "maxMs", s.${time('mean')} AS "meanMs", s.${time('stddev')} AS "stddevMs",
      ${modern ? 's.plans::float8' : 'NULL::float8'} AS plans, ${modern ? 's.total_plan_time' : 'NULL::float8'} AS "planMs",
      ${count('s.rows', 'rows')}, ${count('s.shared_blks_hit', 'sharedHit')}, ${count('s.shared_blks_read', 'sharedRead')},
      ${count('s.shared_blks_dirtied', 'sharedDirtied')}, ${count('s.shared_blks_written', 'sharedWritten')},
      ${count('s.temp_blks_read', 'tempRead')}, ${count('s.temp_blks_written', 'tempWritten')},
      s.${io}_read_time AS "ioReadMs", s.${io}_write_time AS "ioWriteMs",
      ${modern ? 's.wal_bytes::float8' : 'NULL::float8'} AS "walBytes",
      ${extensionAtLeast(context, '1.11') ? epoch('s.stats_since', 'statsSince') : 'NULL::float8 AS "statsSince"'}`
}

/** pg_stat_statements(false) leaves the text file alone: 16 MB instead of gigabytes on a busy server. */
export const statements = collector({
  section: 'statements',
  unavailable: needsExtension,
  sql: context => {
    const orders: Record<keyof typeof TOP, string> = {
      total_ms: extensionAtLeast(context, '1.8') ? 'total_exec_time' : 'total_time',
      calls: 'calls',
      // A loop's statement is called once for each row of another, which may take no time at all.
      rows: 'rows',
      temp_blocks: 'temp_blks_read + temp_blks_written',
      mean_ms: extensionAtLeast(context, '1.8') ? 'mean_exec_time' : 'mean_time',
    }
    const ranks = Object.entries(orders).map(
      ([name, expression]) => `pg_catalog.row_number() OVER (ORDER BY ${expression} DESC, queryid) AS by_${name}`,
    )
    const chosen = Object.entries(TOP).map(([name, limit]) => `s.by_${name} <= ${limit}`)
    return `SELECT ${MARK} ${metricColumns(context)}, d.datname::text AS database, u.rolname::text AS "user"
      FROM (SELECT *, ${ranks.join(', ')} FROM ${view(context)}(false)) s
        LEFT JOIN pg_catalog.pg_database d ON d.oid = s.dbid
        LEFT JOIN pg_catalog.pg_roles u ON u.oid = s.userid
      WHERE ${chosen.join(' OR ')}
      ORDER BY "totalMs" DESC, queryid`
  },
  map: (rows, {user}): Section<Statement[]> => {
    const visible = rows.filter(row => row.queryid !== null)
    if (visible.length < rows.length) {
      return {
        ok: false,
        reason: 'permission',
        message: `${rows.length - visible.length} of ${rows.length} statements belong to other roles and are hidden`,
        grant: `GRANT pg_monitor TO ${user};`,
      }
    }
    return {ok: true, data: rows as unknown as Statement[]}
  },
})

/** Last and skippable: the server loads its whole text file for this, whatever is selected from it. */
export const statementTexts = collector({
  section: 'statementTexts',
  timeoutMs: 20_000,
  unavailable: needsExtension,
  sql: context => `SELECT ${MARK} DISTINCT ON (queryid) queryid::text AS queryid,
      pg_catalog.left(query, ${MAX_TEXT}) AS text, pg_catalog.length(query) > ${MAX_TEXT} AS truncated
    FROM ${view(context)}(true)
    WHERE queryid = ANY ('{${context.queryids.join(',')}}'::int8[])
    ORDER BY queryid, query`,
  map: rows => rows as unknown as StatementText[],
})
