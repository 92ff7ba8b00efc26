import type {Section, Sequence} from '../snapshot.js'
import {amongTables, type CollectContext, collector, limited, MARK, USER_SCHEMAS} from './collector.js'

/** A partitioned table's inserts are counted in its partitions; pg_partition_tree() would wait for locks. */
const INSERTS = `(WITH RECURSIVE family AS (
        SELECT t.oid UNION ALL SELECT h.inhrelid FROM family f JOIN pg_catalog.pg_inherits h ON h.inhparent = f.oid
      ) SELECT pg_catalog.sum(pg_catalog.pg_stat_get_tuples_inserted(oid))::float8 FROM family)`

/** Owned (serial, identity) or only named by a default: sequences that were made by hand are owned by nothing. */
const USES = (context: CollectContext) => `SELECT d.objid AS seqrelid, d.refobjid AS relid, d.refobjsubid::int AS attnum
          FROM pg_catalog.pg_depend d
          WHERE d.refclassid = 'pg_catalog.pg_class'::regclass AND ${amongTables(context, 'd.refobjid')}
            AND d.refobjsubid > 0 AND d.classid = 'pg_catalog.pg_class'::regclass AND d.deptype IN ('a', 'i')
          UNION
          SELECT d.refobjid, f.adrelid, f.adnum::int
          FROM pg_catalog.pg_attrdef f
            JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_attrdef'::regclass AND d.objid = f.oid
          WHERE ${amongTables(context, 'f.adrelid')} AND d.refclassid = 'pg_catalog.pg_class'::regclass`

/** Neither owned nor named by any default. */
const FREE = `SELECT s.seqrelid, -1, '[]'::jsonb FROM pg_catalog.pg_sequence s
        WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::regclass
            AND d.objid = s.seqrelid AND d.deptype IN ('a', 'i') AND d.refclassid = 'pg_catalog.pg_class'::regclass)
          AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.refclassid = 'pg_catalog.pg_class'::regclass
            AND d.refobjid = s.seqrelid AND d.classid = 'pg_catalog.pg_attrdef'::regclass)`

/** pg_sequence_last_value() locks each sequence for a moment, and fails on a standby for an unlogged one. */
const LAST_VALUE = `CASE WHEN pg_catalog.has_sequence_privilege(c.oid, 'SELECT,USAGE')
        AND (c.relpersistence = 'p' OR NOT pg_catalog.pg_is_in_recovery())
      THEN pg_catalog.pg_sequence_last_value(c.oid)::float8 END AS "lastValue"`

export const sequences = collector({
  section: 'sequences',
  sql: context => `SELECT ${MARK} c.oid::int8 AS oid, n.nspname::text AS schema, c.relname::text AS name,
      pg_catalog.format_type(s.seqtypid, NULL) AS "dataType",
      pg_catalog.has_sequence_privilege(c.oid, 'SELECT,USAGE') AS "isReadable", ${LAST_VALUE},
      s.seqmin::float8 AS "minValue", s.seqmax::float8 AS "maxValue", s.seqincrement::float8 AS increment,
      s.seqcycle AS cycles, u.columns,
      pg_catalog.count(*) OVER () AS total
    FROM (
        SELECT u.seqrelid, pg_catalog.max(t.relpages) AS pages,
          coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
            'tableOid', t.oid::int8, 'schema', tn.nspname, 'table', t.relname, 'column', a.attname,
            'type', pg_catalog.format_type(a.atttypid, NULL),
            'inserts', CASE WHEN t.relkind = 'p' THEN ${INSERTS}
              ELSE pg_catalog.pg_stat_get_tuples_inserted(t.oid)::float8 END)
            ORDER BY tn.nspname, t.relname, a.attname) FILTER (WHERE NOT t.relispartition), '[]') AS columns
        FROM (${USES(context)}) u
          JOIN pg_catalog.pg_class t ON t.oid = u.relid
          JOIN pg_catalog.pg_namespace tn ON tn.oid = t.relnamespace
          JOIN pg_catalog.pg_attribute a ON a.attrelid = u.relid AND a.attnum = u.attnum
        GROUP BY u.seqrelid
        UNION ALL
        ${FREE}
      ) u
      JOIN pg_catalog.pg_sequence s ON s.seqrelid = u.seqrelid
      JOIN pg_catalog.pg_class c ON c.oid = s.seqrelid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relpersistence <> 't' AND ${USER_SCHEMAS}
    ORDER BY u.pages DESC, n.nspname, c.relname
    LIMIT 1000`,
  map: (rows): Section<Sequence[]> => limited<Sequence>(rows),
})
