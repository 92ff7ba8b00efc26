import {MARK, USER_SCHEMAS} from '../../collect/collector.js'
import {quoteLiteral} from '../../sql/quote.js'

/** A table as a statement names it; without a schema: in any. */
export type WantedTable = {schema: string | null; name: string}

/** Largest first; more tell nothing about the statements of one application. */
export const MAX_RELATIONS = 5000

const notOfExtension = (catalog: string, oid: string) => `NOT EXISTS (SELECT FROM pg_catalog.pg_depend x
      WHERE x.classid = 'pg_catalog.${catalog}'::pg_catalog.regclass AND x.objid = ${oid} AND x.deptype = 'e')`

const named = (schema: string, name: string) => `pg_catalog.json_build_object('schema', ${schema}, 'name', ${name})`

/** What the wanted relations stand on: the tables below views, partitions, parents. */
const LINKS = `SELECT i.inhparent AS a, i.inhrelid AS b FROM pg_catalog.pg_inherits i
      UNION ALL SELECT i.inhrelid, i.inhparent FROM pg_catalog.pg_inherits i
      UNION ALL SELECT r.ev_class, d.refobjid FROM pg_catalog.pg_rewrite r
        JOIN pg_catalog.pg_class v ON v.oid = r.ev_class AND v.relkind = 'v'
        JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = r.oid
          AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass`

function isWanted(tables: readonly WantedTable[] | undefined): string {
  if (!tables) return 'true'
  const list = quoteLiteral(JSON.stringify(tables))
  return `EXISTS (SELECT FROM pg_catalog.jsonb_to_recordset(${list}) AS w (schema text, name text)
        WHERE w.name = c.relname AND (w.schema IS NULL OR w.schema = n.nspname))`
}

/** `sizes` opens each file: it waits where somebody holds the table exclusively. */
export const pagesOf = (sizes: boolean) =>
  sizes ? '(pg_catalog.pg_relation_size(c.oid) / 8192)::float8' : 'c.relpages::float8'

const stored = (sizes: boolean) => `CASE WHEN c.relkind IN ('r', 'm', 'i') THEN ${pagesOf(sizes)} ELSE 0 END AS pages,
      c.relpages::float8 AS relpages, c.reltuples::float8 AS reltuples, c.relallvisible::float8 AS relallvisible`

export const relations = (tables: readonly WantedTable[] | undefined, sizes: boolean) => `WITH RECURSIVE ${MARK}
    links AS MATERIALIZED (${LINKS}),
    wanted AS (SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p', 'm', 'v', 'f') AND c.relpersistence <> 't' AND ${USER_SCHEMAS}
        AND ${isWanted(tables)}
      UNION SELECT l.b FROM wanted w JOIN links l ON l.a = w.oid)
    SELECT c.oid::int8 AS oid, n.nspname::text AS schema, c.relname::text AS name, c.relkind::text AS kind,
      (SELECT m.amname::text FROM pg_catalog.pg_am m WHERE m.oid = c.relam AND c.relkind IN ('r', 'm')) AS "accessMethod",
      CASE WHEN c.relkind = 'p' THEN pg_catalog.pg_get_partkeydef(c.oid) END AS "partitionKey",
      coalesce((SELECT pg_catalog.json_agg(pg_catalog.json_build_object('schema', pn.nspname, 'name', p.relname,
          'bound', pg_catalog.pg_get_expr(c.relpartbound, c.oid)) ORDER BY i.inhseqno)
        FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class p ON p.oid = i.inhparent
          JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace
        WHERE i.inhrelid = c.oid), '[]') AS parents,
      coalesce(c.reloptions, '{}') AS options,
      CASE WHEN c.relkind = 'v' THEN pg_catalog.pg_get_viewdef(c.oid) END AS view,
      pg_catalog.has_table_privilege(c.oid, 'SELECT')
        AND NOT (c.relrowsecurity AND pg_catalog.row_security_active(c.oid)) AS "isReadable",
      ${stored(sizes)}
    FROM wanted w JOIN pg_catalog.pg_class c ON c.oid = w.oid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'm', 'v', 'f') AND ${USER_SCHEMAS} AND ${notOfExtension('pg_class', 'c.oid')}
    ORDER BY c.relkind <> 'p', c.relpages DESC, c.oid LIMIT ${MAX_RELATIONS + 1}`

export const among = (oids: readonly number[], column: string) => `${column} = ANY ('{${oids.join(',')}}'::oid[])`

export const columns = (oids: readonly number[]) => `SELECT ${MARK} a.attrelid::int8 AS oid,
      pg_catalog.json_agg(pg_catalog.json_build_object('name', a.attname, 'number', a.attnum,
        'type', pg_catalog.format_type(a.atttypid, a.atttypmod), 'isNotNull', a.attnotnull,
        'collation', CASE WHEN a.attcollation <> t.typcollation THEN ${named('cn.nspname', 'co.collname')} END,
        'virtual', CASE WHEN a.attgenerated = 'v' THEN pg_catalog.pg_get_expr(d.adbin, d.adrelid) END)
        ORDER BY a.attnum) AS columns
    FROM pg_catalog.pg_attribute a
      JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
      LEFT JOIN pg_catalog.pg_collation co ON co.oid = a.attcollation
      LEFT JOIN pg_catalog.pg_namespace cn ON cn.oid = co.collnamespace
      LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE ${among(oids, 'a.attrelid')} AND a.attnum > 0 AND NOT a.attisdropped
    GROUP BY a.attrelid`

/** Those that a partition has from its parent come with the parent, except keys, which have an index of their own. */
export const constraints = (oids: readonly number[]) => `SELECT ${MARK} o.conrelid::int8 AS oid,
      pg_catalog.json_agg(pg_catalog.json_build_object('name', o.conname,
        'kind', CASE o.contype WHEN 'p' THEN 'primary' WHEN 'u' THEN 'unique' WHEN 'f' THEN 'foreign'
          WHEN 'c' THEN 'check' ELSE 'exclusion' END,
        'definition', pg_catalog.pg_get_constraintdef(o.oid)) ORDER BY o.oid) AS constraints
    FROM pg_catalog.pg_constraint o
    WHERE ${among(oids, 'o.conrelid')} AND o.contype IN ('p', 'u', 'f', 'c', 'x')
      AND (o.contype <> 'f' OR o.conparentid = 0 AND ${among(oids, 'o.confrelid')})
    GROUP BY o.conrelid`

/** `CREATE INDEX x ON ONLY t` of a partitioned table, without ONLY: it then takes its partitions' indexes along. */
const INDEX_SQL = `CASE WHEN c.relkind = 'I' THEN p.prefix || pg_catalog.substr(p.definition,
          pg_catalog.length(p.prefix || 'ONLY ') + 1) ELSE p.definition END`

export const indexes = (oids: readonly number[], sizes: boolean) => `SELECT ${MARK} i.indrelid::int8 AS oid,
      n.nspname::text AS schema, c.relname::text AS name, m.amname::text AS method,
      CASE WHEN o.oid IS NULL THEN ${INDEX_SQL} END AS sql, ${stored(sizes)}
    FROM pg_catalog.pg_index i
      JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_catalog.pg_am m ON m.oid = c.relam
      LEFT JOIN pg_catalog.pg_constraint o ON o.conindid = c.oid AND o.contype IN ('p', 'u', 'x')
        AND o.conrelid = i.indrelid
      CROSS JOIN LATERAL (SELECT pg_catalog.pg_get_indexdef(c.oid) AS definition, 'CREATE '
        || CASE WHEN i.indisunique THEN 'UNIQUE ' ELSE '' END || 'INDEX ' || pg_catalog.quote_ident(c.relname)
        || ' ON ' AS prefix) p
    WHERE ${among(oids, 'i.indrelid')} AND i.indisvalid AND i.indisready AND i.indislive
    ORDER BY c.oid`

export const extended = (oids: readonly number[]) => `SELECT ${MARK} e.stxrelid::int8 AS oid,
      n.nspname::text AS schema, e.stxname::text AS name,
      pg_catalog.pg_get_statisticsobjdef(e.oid) AS sql,
      coalesce((SELECT pg_catalog.json_agg(pg_catalog.json_build_object(
          'isInherited', coalesce((pg_catalog.to_jsonb(s) ->> 'inherited')::boolean, false),
          'ndistinct', s.n_distinct::text, 'dependencies', s.dependencies::text))
        FROM pg_catalog.pg_stats_ext s
        WHERE s.statistics_schemaname = n.nspname AND s.statistics_name = e.stxname), '[]') AS data
    FROM pg_catalog.pg_statistic_ext e JOIN pg_catalog.pg_namespace n ON n.oid = e.stxnamespace
    WHERE ${among(oids, 'e.stxrelid')}
    ORDER BY e.oid`

export {named, notOfExtension}
