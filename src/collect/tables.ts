import type {Table} from '../snapshot.js'
import {amongTables, collector, epoch, limited, MARK, MAX_TABLES, since, USER_SCHEMAS} from './collector.js'

/** Names told of a table: what its rows refer to stands among the first. */
const MAX_COLUMNS = 100

const stat = (name: string) => `pg_catalog.pg_stat_get_${name}(c.oid)`
const indexStat = (name: string) =>
  `(SELECT pg_catalog.sum(pg_catalog.pg_stat_get_${name}(i.indexrelid))::float8
       FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid)`
const blockSize = `pg_catalog.current_setting('block_size')::int`

/** pg_class.reloptions (or any text[] of name=value) as one JSON object */
export const optionsOf = (column: string) =>
  `coalesce((SELECT pg_catalog.jsonb_object_agg(o.option_name, o.option_value)
      FROM pg_catalog.pg_options_to_table(${column}) o), '{}') AS options`

/** Half of the places go to the largest tables, the rest to those where most happens, however small they are. */
const CHOSEN = `SELECT r.oid FROM (
      SELECT c.oid, c.relkind,
        pg_catalog.row_number() OVER (ORDER BY c.relpages DESC, c.oid) AS by_size,
        pg_catalog.row_number() OVER (ORDER BY
          ${stat('numscans')} + ${stat('tuples_inserted')} + ${stat('tuples_updated')} + ${stat('tuples_deleted')} DESC,
          c.relpages DESC, c.oid) AS by_activity
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p', 'm') AND c.relpersistence <> 't' AND ${USER_SCHEMAS}
    ) r
    ORDER BY least(r.by_size, r.by_activity), r.oid
    LIMIT ${MAX_TABLES}`

/** Sizes come from relpages: the size functions stat every file and wait behind DDL locks. */
const BYTES = `(c.relpages::float8
        + coalesce((SELECT pg_catalog.sum(x.relpages) FROM pg_catalog.pg_index i
            JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid WHERE i.indrelid = c.oid), 0)
        + coalesce(t.relpages, 0)) * ${blockSize}`

export const tables = collector({
  section: 'tables',
  sql: context => `WITH chosen AS (${CHOSEN.replace('SELECT', `SELECT ${MARK}`)})
    SELECT c.oid::int8 AS oid, n.nspname::text AS schema, c.relname::text AS name,
      CASE c.relkind WHEN 'p' THEN 'partitioned' WHEN 'm' THEN 'materialized view' ELSE 'table' END AS kind,
      CASE c.relpersistence WHEN 'u' THEN 'unlogged' ELSE 'permanent' END AS persistence,
      c.relispartition AS "isPartition",
      c.relpages AS pages, c.reltuples::float8 AS "rowsEstimate", c.relallvisible AS "allVisiblePages",
      ${BYTES} AS bytes,
      ${stat('numscans')}::float8 AS "seqScans", ${stat('tuples_returned')}::float8 AS "seqRowsRead",
      ${indexStat('numscans')} AS "indexScans",
      ${indexStat('tuples_fetched')} + ${stat('tuples_fetched')}::float8 AS "indexRowsFetched",
      ${stat('tuples_inserted')}::float8 AS inserts, ${stat('tuples_updated')}::float8 AS updates,
      ${stat('tuples_deleted')}::float8 AS deletes, ${stat('tuples_hot_updated')}::float8 AS "hotUpdates",
      ${since(context, 160000, `${stat('tuples_newpage_updated')}::float8`, 'newPageUpdates')},
      ${stat('live_tuples')}::float8 AS "liveRows", ${stat('dead_tuples')}::float8 AS "deadRows",
      ${stat('mod_since_analyze')}::float8 AS "modifiedSinceAnalyze",
      ${since(context, 130000, `${stat('ins_since_vacuum')}::float8`, 'insertedSinceVacuum')},
      ${epoch(stat('last_vacuum_time'), 'lastVacuum')}, ${epoch(stat('last_autovacuum_time'), 'lastAutovacuum')},
      ${epoch(stat('last_analyze_time'), 'lastAnalyze')}, ${epoch(stat('last_autoanalyze_time'), 'lastAutoanalyze')},
      ${since(context, 160000, `extract(epoch from ${stat('lastscan')})::float8`, 'lastSeqScan')},
      ${since(
        context,
        160000,
        `(SELECT extract(epoch from pg_catalog.max(pg_catalog.pg_stat_get_lastscan(i.indexrelid)))::float8
          FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid)`,
        'lastIndexScan',
      )},
      CASE WHEN c.relfrozenxid = '0' THEN 0 ELSE pg_catalog.age(c.relfrozenxid) END AS "frozenXidAge",
      CASE WHEN c.relminmxid = '0' THEN 0 ELSE pg_catalog.mxid_age(c.relminmxid) END AS "multixactAge",
      ${optionsOf('c.reloptions')},
      coalesce(t.relpages, 0) AS "toastPages",
      ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        ORDER BY a.attnum LIMIT ${MAX_COLUMNS}) AS "columnNames",
      (SELECT pg_catalog.count(*) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relkind IN ('r', 'p', 'm') AND c.relpersistence <> 't' AND ${USER_SCHEMAS}) AS total
    FROM chosen
      JOIN pg_catalog.pg_class c ON c.oid = chosen.oid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      LEFT JOIN pg_catalog.pg_class t ON t.oid = c.reltoastrelid
    ORDER BY c.relpages DESC, n.nspname, c.relname`,
  map: rows => limited<Table>(rows),
})

export const foreignKeys = collector({
  section: 'foreignKeys',
  sql: context => {
    const ofColumns = (what: string) => (relation: string, key: string) =>
      `ARRAY(SELECT ${what} FROM pg_catalog.unnest(${key}) WITH ORDINALITY AS k(attnum, position)
          JOIN pg_catalog.pg_attribute a ON a.attrelid = ${relation} AND a.attnum = k.attnum ORDER BY k.position)`
    const names = ofColumns('a.attname::text')
    const types = ofColumns('pg_catalog.format_type(a.atttypid, NULL)')
    return `SELECT ${MARK} f.oid::int8 AS oid, f.conname::text AS name, f.conrelid::int8 AS "tableOid", n.nspname::text AS schema,
        c.relname::text AS "table", f.conkey::int[] AS columns, ${names('f.conrelid', 'f.conkey')} AS "columnNames",
        f.confrelid::int8 AS "referencedOid", rn.nspname::text AS "referencedSchema",
        r.relname::text AS "referencedTable", f.confkey::int[] AS "referencedColumns",
        ${names('f.confrelid', 'f.confkey')} AS "referencedColumnNames",
        ${types('f.conrelid', 'f.conkey')} AS "columnTypes", ${types('f.confrelid', 'f.confkey')} AS "referencedColumnTypes",
        f.confdeltype::text AS "onDelete", f.confupdtype::text AS "onUpdate", f.convalidated AS "isValidated",
        nullif(f.conparentid::int8, 0) AS "parentOid"
      FROM pg_catalog.pg_constraint f
        JOIN pg_catalog.pg_class c ON c.oid = f.conrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_catalog.pg_class r ON r.oid = f.confrelid
        JOIN pg_catalog.pg_namespace rn ON rn.oid = r.relnamespace
      WHERE f.contype = 'f' AND ${amongTables(context, 'f.conrelid')}
      ORDER BY n.nspname, c.relname, f.conname
      LIMIT 5000`
  },
})
