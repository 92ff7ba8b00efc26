import {MARK, USER_SCHEMAS} from '../../collect/collector.js'
import {quoteLiteral} from '../../sql/quote.js'
import {notOfExtension} from './relation-queries.js'
import {STATISTIC_TYPES, type StatisticName} from './schema.js'

const MAX_OBJECTS = 5000
/** Settings that plans depend on outside the category of query tuning. */
const SETTINGS = [
  ...['work_mem', 'hash_mem_multiplier', 'max_parallel_workers_per_gather', 'parallel_leader_participation'],
  ...['search_path', 'TimeZone', 'DateStyle', 'IntervalStyle'],
]

/** The session's own values: what this program sets for its transaction does not count. */
export const settings = `SELECT ${MARK} s.name::text AS name, s.reset_val AS value
    FROM pg_catalog.pg_settings s
    WHERE (s.category LIKE 'Query Tuning%' OR s.name = ANY ('{${SETTINGS.join(',')},default_text_search_config}'))
      AND s.name <> 'plan_cache_mode' AND s.name NOT LIKE 'jit%'`

/** Columns that came or were renamed between versions, by way of a document. */
export const database = `SELECT ${MARK} pg_catalog.current_setting('server_version_num')::int AS "versionNum",
      CURRENT_USER::text AS "user", coalesce(j.d ->> 'datlocprovider', 'c') AS provider, j.d ->> 'datcollate' AS collate,
      coalesce(j.d ->> 'datlocale', j.d ->> 'daticulocale') AS locale
    FROM (SELECT pg_catalog.to_jsonb(d) AS d FROM pg_catalog.pg_database d
      WHERE d.datname = pg_catalog.current_database()) j`

export const extensions = `SELECT ${MARK} e.extname::text AS name, n.nspname::text AS schema
    FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
    ORDER BY e.oid`

export const schemas = `SELECT ${MARK} n.nspname::text AS name FROM pg_catalog.pg_namespace n
    WHERE ${USER_SCHEMAS} ORDER BY n.oid LIMIT ${MAX_OBJECTS}`

/** Those of users, and those of the operating system or ICU that something uses. */
export const collations = `SELECT ${MARK} n.nspname::text AS schema, c.collname::text AS name,
      c.collprovider::text AS provider, coalesce(c.collcollate::text, '') AS collate,
      coalesce(j.c ->> 'colllocale', j.c ->> 'colliculocale') AS locale, c.collisdeterministic AS "isDeterministic"
    FROM pg_catalog.pg_collation c JOIN pg_catalog.pg_namespace n ON n.oid = c.collnamespace
      CROSS JOIN LATERAL (SELECT pg_catalog.to_jsonb(c) AS c) j
    WHERE c.oid >= 16384 AND n.nspname <> 'pg_catalog' OR c.collprovider <> 'd' AND c.oid IN (
      SELECT a.attcollation FROM pg_catalog.pg_attribute a WHERE a.attnum > 0 AND a.attcollation <> 0
      UNION SELECT t.typcollation FROM pg_catalog.pg_type t
      UNION SELECT u.oid FROM pg_catalog.pg_index i, pg_catalog.unnest(i.indcollation) AS u (oid))
    ORDER BY c.oid LIMIT ${MAX_OBJECTS}`

const COLLATED = `(SELECT pg_catalog.format(' COLLATE %I.%I', cn.nspname, co.collname)
        FROM pg_catalog.pg_collation co JOIN pg_catalog.pg_namespace cn ON cn.oid = co.collnamespace
        WHERE co.oid = t.typcollation AND co.collname <> 'default')`

const DOMAIN = `pg_catalog.format('CREATE DOMAIN %I.%I AS %s', n.nspname, t.typname,
          pg_catalog.format_type(t.typbasetype, t.typtypmod))
        || coalesce(${COLLATED}, '') || CASE WHEN t.typnotnull THEN ' NOT NULL' ELSE '' END
        || coalesce((SELECT pg_catalog.string_agg(pg_catalog.format(' CONSTRAINT %I %s', o.conname,
            pg_catalog.regexp_replace(pg_catalog.pg_get_constraintdef(o.oid), ' NOT VALID$', '')), '' ORDER BY o.oid)
          FROM pg_catalog.pg_constraint o WHERE o.contypid = t.oid AND o.contype = 'c'), '')`

const ENUM = `pg_catalog.format('CREATE TYPE %I.%I AS ENUM (%s)', n.nspname, t.typname,
        (SELECT pg_catalog.string_agg(pg_catalog.quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder)
          FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid))`

const COMPOSITE = `pg_catalog.format('CREATE TYPE %I.%I AS (%s)', n.nspname, t.typname,
        (SELECT pg_catalog.string_agg(pg_catalog.format('%I %s', a.attname,
            pg_catalog.format_type(a.atttypid, a.atttypmod)), ', ' ORDER BY a.attnum)
          FROM pg_catalog.pg_attribute a WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped))`

const RANGE = `(SELECT pg_catalog.format('CREATE TYPE %I.%I AS RANGE (SUBTYPE = %s%s)', n.nspname, t.typname,
          pg_catalog.format_type(r.rngsubtype, NULL), (SELECT pg_catalog.format(', MULTIRANGE_TYPE_NAME = %I.%I',
            mn.nspname, m.typname)
          FROM pg_catalog.pg_type m JOIN pg_catalog.pg_namespace mn ON mn.oid = m.typnamespace
          WHERE m.oid = (pg_catalog.to_jsonb(r) ->> 'rngmultitypid')::oid))
        FROM pg_catalog.pg_range r WHERE r.rngtypid = t.oid)`

export const types = `SELECT ${MARK} n.nspname::text AS schema, t.typname::text AS name,
      CASE t.typtype WHEN 'e' THEN ${ENUM} WHEN 'd' THEN ${DOMAIN} WHEN 'c' THEN ${COMPOSITE} ELSE ${RANGE} END AS sql
    FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
    WHERE (t.typtype IN ('e', 'd', 'r')
        OR t.typtype = 'c' AND (SELECT c.relkind FROM pg_catalog.pg_class c WHERE c.oid = t.typrelid) = 'c')
      AND ${USER_SCHEMAS} AND ${notOfExtension('pg_type', 't.oid')}
    ORDER BY t.oid LIMIT ${MAX_OBJECTS}`

/** A stub must not pretend to a value: the planner computes immutable functions of constants. */
const STUB_BODY = quoteLiteral("BEGIN RAISE EXCEPTION 'the value of this function is not known here'; END")

const STUB = `pg_catalog.format('CREATE FUNCTION %I.%I(%s) RETURNS %s LANGUAGE plpgsql %s %s PARALLEL %s COST %s%s AS ',
        n.nspname, p.proname, pg_catalog.pg_get_function_arguments(p.oid), pg_catalog.pg_get_function_result(p.oid),
        CASE p.provolatile WHEN 'i' THEN 'IMMUTABLE' WHEN 's' THEN 'STABLE' ELSE 'VOLATILE' END,
        CASE WHEN p.proisstrict THEN 'STRICT' ELSE '' END,
        CASE p.proparallel WHEN 's' THEN 'SAFE' WHEN 'r' THEN 'RESTRICTED' ELSE 'UNSAFE' END,
        p.procost, CASE WHEN p.proretset THEN ' ROWS ' || p.prorows ELSE '' END) || ${quoteLiteral(STUB_BODY)}`

export const functions = `SELECT ${MARK} n.nspname::text AS schema, p.proname::text AS name, ${STUB} AS sql,
      CASE WHEN l.lanname = 'sql' THEN pg_catalog.pg_get_functiondef(p.oid) END AS definition
    FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
      JOIN pg_catalog.pg_language l ON l.oid = p.prolang
    WHERE p.prokind = 'f' AND ${USER_SCHEMAS} AND ${notOfExtension('pg_proc', 'p.oid')}
      AND p.prorettype NOT IN ('pg_catalog.trigger'::pg_catalog.regtype, 'pg_catalog.event_trigger'::pg_catalog.regtype)
    ORDER BY p.oid LIMIT ${MAX_OBJECTS}`

/** Names as arrays of constants, so that the view is read through indexes and not as a whole. */
export function statistics(versionNum: number, relations: readonly {schema: string; name: string}[]): string {
  const among = (names: string[]) => quoteLiteral(`{${[...new Set(names)].map(arrayElement).join(',')}}`)
  const known = (Object.keys(STATISTIC_TYPES) as StatisticName[]).filter(
    name => versionNum >= 170000 || !name.startsWith('range_'),
  )
  return `SELECT ${MARK} s.schemaname::text AS schema, s.tablename::text AS name, s.attname::text AS "column",
      s.inherited AS "isInherited", ${known.map(name => `s.${name}::text AS ${name}`).join(', ')}
    FROM pg_catalog.pg_stats s
    WHERE s.tablename = ANY (${among(relations.map(relation => relation.name))}::name[])
      AND s.schemaname = ANY (${among(relations.map(relation => relation.schema))}::name[])`
}

const arrayElement = (name: string) => `"${name.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
