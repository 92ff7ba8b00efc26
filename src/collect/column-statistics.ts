import type {ColumnStatistics, Section} from '../snapshot.js'
import {readGrant} from '../sql/read-grant.js'
import {amongTables, type CollectContext, collector, MARK, type Row} from './collector.js'

/** The largest tables, and as many of their largest btree indexes. */
const MAX_RELATIONS = 100

const stat = (name: string) => `pg_catalog.pg_stat_get_${name}(c.oid)`

/** relpages of a table that was never vacuumed is 0: the counters then say that it is large (40 bytes a row). */
const SIZE = `greatest(c.relpages, (${stat('live_tuples')} + ${stat('dead_tuples')}) / 200)`

/** Relations, and for each column of theirs the table (or index, for an expression) and column of its statistics. */
const columns = (context: CollectContext) => `relations AS MATERIALIZED (
      (SELECT ${MARK} c.oid, c.oid AS heap, 'table' AS kind, NULL::int2[] AS keys
        FROM pg_catalog.pg_class c
        WHERE c.relkind IN ('r', 'm') AND ${amongTables(context, 'c.oid')}
        ORDER BY ${SIZE} DESC, c.oid LIMIT ${MAX_RELATIONS})
      UNION ALL
      (SELECT c.oid, i.indrelid, 'index', i.indkey::int2[]
        FROM pg_catalog.pg_index i
          JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
          JOIN pg_catalog.pg_am m ON m.oid = c.relam AND m.amname = 'btree'
        WHERE c.relkind = 'i' AND i.indisvalid AND ${amongTables(context, 'i.indrelid')}
        ORDER BY c.relpages DESC, c.oid LIMIT ${MAX_RELATIONS})
    ), columns AS MATERIALIZED (
      SELECT r.oid, r.kind, a.attnum, a.attlen, a.attalign, h.attrelid AS source, h.attname, h.attnum AS source_attnum
      FROM relations r
        JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
          AND a.attgenerated <> 'v'
        JOIN pg_catalog.pg_attribute h
          ON h.attrelid = CASE WHEN r.keys[a.attnum - 1] > 0 THEN r.heap ELSE r.oid END
          AND h.attnum = coalesce(nullif(r.keys[a.attnum - 1], 0), a.attnum)
    )`

/**
 * Uncorrelated arrays of names, so that pg_stats is read through indexes and not as a whole. One row per table, because
 * the planner takes the view for tiny and compares each column with each.
 */
const STATISTICS = `(SELECT schemaname, tablename, pg_catalog.jsonb_object_agg(attname,
          pg_catalog.jsonb_build_array(avg_width, null_frac)) AS by_column
        FROM pg_catalog.pg_stats
        WHERE NOT inherited
          AND tablename = ANY (ARRAY(SELECT c.relname FROM pg_catalog.pg_class c
            WHERE c.oid IN (SELECT source FROM columns)))
          AND schemaname = ANY (ARRAY(SELECT n.nspname FROM pg_catalog.pg_namespace n
            WHERE n.oid IN (SELECT c.relnamespace FROM pg_catalog.pg_class c
              WHERE c.oid IN (SELECT source FROM columns))))
        GROUP BY 1, 2)`

const known = (position: number) => `(s.by_column -> x.attname::text ->> ${position})`

/** pg_stats leaves out what the role may not SELECT: that is told from what was never analyzed by its own conditions. */
const IS_VISIBLE = `pg_catalog.has_column_privilege(t.oid, x.source_attnum, 'SELECT')
        AND NOT (t.relrowsecurity AND pg_catalog.row_security_active(t.oid))`

export const columnStatistics = collector({
  section: 'columnStatistics',
  sql: context => `WITH ${columns(context)}
    SELECT x.oid::int8 AS oid, x.kind,
      pg_catalog.bool_and(${IS_VISIBLE}) AS "isVisible",
      pg_catalog.array_agg(${known(0)}::int ORDER BY x.attnum) AS widths,
      pg_catalog.array_agg(${known(1)}::float8 ORDER BY x.attnum) AS "nullFractions",
      pg_catalog.array_agg(x.attlen::int ORDER BY x.attnum) AS lengths,
      pg_catalog.array_agg(CASE x.attalign WHEN 'd' THEN 8 WHEN 'i' THEN 4 WHEN 's' THEN 2 ELSE 1 END
        ORDER BY x.attnum) AS alignments,
      (SELECT c.relnatts FROM pg_catalog.pg_class c WHERE c.oid = x.oid) > pg_catalog.count(*) AS "hasUnstored",
      pg_catalog.min(n.nspname::text) AS schema
    FROM columns x
      JOIN pg_catalog.pg_class t ON t.oid = x.source
      JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace
      LEFT JOIN ${STATISTICS} s ON s.schemaname = n.nspname AND s.tablename = t.relname
    GROUP BY x.oid, x.kind
    ORDER BY x.oid`,
  map: (rows, context) => visible(rows, context),
})

/** Nothing visible at all is a matter of privileges. */
function visible(rows: Row[], context: CollectContext): Section<ColumnStatistics[]> {
  if (rows.length > 0 && rows.every(row => row.isVisible === false)) {
    return {
      ok: false,
      reason: 'permission',
      message: 'pg_stats shows no statistics of tables that the role may not read',
      grant: readGrant(context.versionNum, context.user, [...new Set(rows.map(row => row.schema as string))]),
    }
  }
  return {ok: true, data: rows.map(({schema: _, ...row}) => row as ColumnStatistics)}
}
