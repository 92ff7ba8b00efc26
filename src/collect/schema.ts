import type {KeylessTable, PartitionedTable, QuestionableColumns, Section, UnvalidatedConstraint} from '../snapshot.js'
import {amongTables, type CollectContext, collector, limited, MARK, USER_SCHEMAS} from './collector.js'

/** Rows of each list; more than these are no list that anybody works through. */
const MOST = 200

/** Tables below this many rows are left out where only size makes the question interesting. */
const ROWS_WORTH_A_QUESTION = 1000

const rowsOf = (table: string) =>
  `greatest(${table}.reltuples, pg_catalog.pg_stat_get_live_tuples(${table}.oid), 0)::float8`

const PUBLISHED = (versionNum: number) => `EXISTS (SELECT FROM pg_catalog.pg_publication p
        WHERE (p.pubupdate OR p.pubdelete) AND (p.puballtables
          OR EXISTS (SELECT FROM pg_catalog.pg_publication_rel r WHERE r.prpubid = p.oid AND r.prrelid = c.oid)
          ${
            versionNum >= 150000
              ? 'OR EXISTS (SELECT FROM pg_catalog.pg_publication_namespace s WHERE s.pnpubid = p.oid AND s.pnnspid = c.relnamespace)'
              : ''
          }))`

/** What ALTER TABLE ... PRIMARY KEY USING INDEX accepts; the narrowest of them. */
const UNIQUE_INDEX = `(SELECT x.relname::text FROM pg_catalog.pg_index i
        JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid JOIN pg_catalog.pg_am m ON m.oid = x.relam
      WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL
        AND i.indexprs IS NULL AND m.amname = 'btree' AND 0 = ALL (i.indoption::int2[])
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND NOT a.attnotnull
          AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1]))
      ORDER BY i.indnkeyatts, x.relname LIMIT 1)`

export const keylessTables = collector({
  section: 'keylessTables',
  sql: ({versionNum}) => `WITH RECURSIVE chosen AS (
      SELECT ${MARK} c.oid, pg_catalog.count(*) OVER () AS total
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p') AND c.relpersistence = 'p' AND NOT c.relispartition AND ${USER_SCHEMAS}
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisprimary)
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_inherits h WHERE h.inhrelid = c.oid)
        AND c.oid NOT IN (SELECT d.objid FROM pg_catalog.pg_depend d
          WHERE d.refclassid = 'pg_catalog.pg_extension'::regclass AND d.classid = 'pg_catalog.pg_class'::regclass)
      ORDER BY c.relkind = 'p' DESC, c.relpages DESC, c.oid
      LIMIT ${MOST}
    ), family AS (
      SELECT oid AS root, oid FROM chosen
      UNION ALL
      SELECT f.root, h.inhrelid FROM family f JOIN pg_catalog.pg_inherits h ON h.inhparent = f.oid
    ), sums AS (
      SELECT f.root, pg_catalog.sum(greatest(m.relpages, 0))::float8 * pg_catalog.current_setting('block_size')::int AS bytes,
        pg_catalog.sum(${rowsOf('m')}) FILTER (WHERE m.relkind = 'r') AS rows,
        pg_catalog.sum(pg_catalog.pg_stat_get_tuples_inserted(m.oid))::float8 AS inserts,
        pg_catalog.sum(pg_catalog.pg_stat_get_tuples_updated(m.oid)
          + pg_catalog.pg_stat_get_tuples_deleted(m.oid))::float8 AS changes
      FROM family f JOIN pg_catalog.pg_class m ON m.oid = f.oid
      GROUP BY f.root
    )
    SELECT c.oid::int8 AS oid, n.nspname::text AS schema, c.relname::text AS name,
      CASE c.relkind WHEN 'p' THEN 'partitioned' ELSE 'table' END AS kind,
      s.bytes, coalesce(s.rows, 0) AS rows, s.inserts, s.changes,
      ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum) AS "columnNames",
      c.relreplident::text AS "replicaIdentity", ${PUBLISHED(versionNum)} AS "publishesChanges",
      ${UNIQUE_INDEX} AS "uniqueIndex", chosen.total
    FROM chosen JOIN sums s ON s.root = chosen.oid
      JOIN pg_catalog.pg_class c ON c.oid = chosen.oid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    ORDER BY s.bytes DESC, n.nspname, c.relname`,
  map: (rows): Section<KeylessTable[]> => limited<KeylessTable>(rows),
})

/** Not the copies that partitions and foreign keys to partitioned tables have: the parent's is the one to validate. */
export const unvalidatedConstraints = collector({
  section: 'unvalidatedConstraints',
  sql: ({versionNum}) => `SELECT ${MARK} n.nspname::text AS schema, c.relname::text AS "table", k.conname::text AS name,
      CASE k.contype WHEN 'f' THEN 'foreign key' WHEN 'c' THEN 'check' ELSE 'not null' END AS type,
      ${rowsOf('c')} AS rows, c.relpages::float8 * pg_catalog.current_setting('block_size')::int AS bytes,
      pg_catalog.count(*) OVER () AS total
    FROM pg_catalog.pg_constraint k
      JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE NOT k.convalidated AND k.contype IN ('f', 'c', 'n') AND k.conparentid = 0 AND k.coninhcount = 0
      ${versionNum >= 180000 ? 'AND k.conenforced' : ''} AND c.relpersistence <> 't' AND ${USER_SCHEMAS}
    ORDER BY c.relpages DESC, n.nspname, c.relname, k.conname
    LIMIT ${MOST}`,
  map: (rows): Section<UnvalidatedConstraint[]> => limited<UnvalidatedConstraint>(rows),
})

/** Only whether all the values look so leaves the server, never a value. Without dashes the version tells it from MD5. */
const UUID = '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{12}[1-8][0-9a-f]{3}[89ab][0-9a-f]{15}'
const UUID_VALUES = String.raw`'^\{("?(${UUID})"?[,}])+$'`

/** Of the largest tables: pg_stats takes its time, and in small ones the type makes no difference. */
const MOST_TABLES = 200
const largest = (context: CollectContext) => ({...context, tableOids: context.tableOids.slice(0, MOST_TABLES)})

const QUESTIONABLE = (context: CollectContext) => `SELECT c.oid::int8 AS "tableOid", n.nspname::text AS schema,
        c.relname::text AS "table", a.attname::text AS name, pg_catalog.format_type(a.atttypid, a.atttypmod) AS type,
        a.atthasdef AS "hasDefault", v.avg_width AS "averageWidth", v.is_uuid AS "looksLikeUuid",
        EXISTS (SELECT FROM pg_catalog.pg_index i JOIN pg_catalog.pg_opclass o ON o.oid = ANY (i.indclass::oid[])
          WHERE i.indrelid = c.oid AND a.attnum = ANY (i.indkey::int2[]) AND NOT o.opcdefault) AS "hasTypedIndex"
      FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        LEFT JOIN LATERAL (
          SELECT s.avg_width,
            coalesce(s.histogram_bounds::text, s.most_common_vals::text) ~* ${UUID_VALUES} AS is_uuid
          FROM pg_catalog.pg_stats s
          WHERE s.schemaname = n.nspname AND s.tablename = c.relname AND s.attname = a.attname AND NOT s.inherited
            AND a.atttypid <> 'pg_catalog.json'::regtype
          LIMIT 1
        ) v ON true
      WHERE ${amongTables(context, 'c.oid')} AND c.relkind IN ('r', 'p') AND NOT c.relispartition
        AND (a.atttypid = 'pg_catalog.json'::regtype
          OR a.atttypid IN ('pg_catalog.text'::regtype, 'pg_catalog.varchar'::regtype, 'pg_catalog.bpchar'::regtype)
            AND ${rowsOf('c')} >= ${ROWS_WORTH_A_QUESTION} AND (a.atttypmod = -1 OR a.atttypmod - 4 >= 32)
            AND (v.is_uuid OR v.is_uuid IS NULL AND a.attname ~* '(^|_)(uuid|guid)(_|$)'))
      ORDER BY c.relpages DESC, n.nspname, c.relname, a.attnum
      LIMIT ${MOST}`

export const questionableColumns = collector({
  section: 'questionableColumns',
  sql: context => `SELECT ${MARK}
      ARRAY(SELECT DISTINCT n.nspname::text FROM pg_catalog.pg_class c
          JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE ${amongTables(largest(context), 'c.oid')} AND c.relkind = 'r' AND ${rowsOf('c')} >= ${ROWS_WORTH_A_QUESTION}
          AND NOT pg_catalog.has_any_column_privilege(c.oid, 'SELECT') ORDER BY 1) AS "hiddenSchemas",
      coalesce((SELECT pg_catalog.jsonb_agg(q) FROM (${QUESTIONABLE(largest(context))}) q), '[]') AS columns`,
  map: rows => rows[0] as unknown as QuestionableColumns,
})

export const partitionedTables = collector({
  section: 'partitionedTables',
  sql: () => `SELECT ${MARK} c.oid::int8 AS oid, n.nspname::text AS schema, c.relname::text AS name,
      CASE p.partstrat WHEN 'r' THEN 'range' WHEN 'l' THEN 'list' ELSE 'hash' END AS strategy,
      ARRAY(SELECT a.attname::text FROM pg_catalog.unnest(p.partattrs::int2[]) WITH ORDINALITY AS k(attnum, position)
        LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum AND k.attnum > 0
        ORDER BY k.position) AS "keyColumns",
      h.partitions, h.rows, pg_catalog.count(*) OVER () AS total
    FROM pg_catalog.pg_partitioned_table p
      JOIN pg_catalog.pg_class c ON c.oid = p.partrelid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      CROSS JOIN LATERAL (
        SELECT pg_catalog.count(*)::int AS partitions, coalesce(pg_catalog.sum(${rowsOf('m')}), 0) AS rows
        FROM pg_catalog.pg_inherits h JOIN pg_catalog.pg_class m ON m.oid = h.inhrelid WHERE h.inhparent = c.oid
      ) h
    WHERE ${USER_SCHEMAS}
    ORDER BY h.partitions DESC, n.nspname, c.relname
    LIMIT ${MOST}`,
  map: (rows): Section<PartitionedTable[]> => limited<PartitionedTable>(rows),
})
