import type {Index, InvalidIndex} from '../snapshot.js'
import {amongTables, collector, limited, MARK, since, USER_SCHEMAS} from './collector.js'
import {optionsOf} from './tables.js'

const MAX_INDEXES = 5000

/** pg_index's vectors count from 0; only the first indnkeyatts entries are key columns. */
const keyPart = (column: string) => `(${column}::int8[])[0:i.indnkeyatts - 1]`

/** pg_get_indexdef costs about 0.3 ms each: for the largest of those that may have to go. */
const MAX_DEFINITIONS = 100

/** A constraint that an index backs, by name. */
const CONSTRAINTS = `(SELECT conindid, pg_catalog.min(conname::text) AS name
        FROM pg_catalog.pg_constraint WHERE conindid <> 0 GROUP BY conindid)`

/** How many indexes of the table have these key columns; NULL for those that cannot simply be dropped. */
const TWINS = `CASE WHEN NOT i.indisprimary AND NOT i.indisexclusion
        THEN pg_catalog.count(*) OVER (PARTITION BY i.indrelid, i.indkey::text, i.indoption::text) END`

/** Smaller ones that are in use are not worth an undo (1 MB). */
const WORTH_PAGES = 128

const NAMED = `pg_catalog.format('CREATE %sINDEX %I ON %s%I.%I ', CASE WHEN i.indisunique THEN 'UNIQUE ' ELSE '' END,
          x.relname, CASE WHEN x.relkind = 'I' THEN 'ONLY ' ELSE '' END, n.nspname, c.relname)`

/** pg_get_indexdef() starts with the names, which fixes quote themselves. */
const INDEX_DEFINITION = `pg_catalog.substr(pg_catalog.pg_get_indexdef(x.oid), 1 + pg_catalog.length(${NAMED}))`

const IS_IDLE = 'pg_catalog.pg_stat_get_numscans(x.oid) = 0'
const DEFINITION = `CASE WHEN k.name IS NULL AND NOT x.relispartition AND (i.twins > 1
          OR i.twins = 1 AND NOT i.indisunique AND (${IS_IDLE} OR x.relpages >= ${WORTH_PAGES}))
        AND pg_catalog.row_number() OVER (PARTITION BY k.name IS NULL, i.twins, i.indisunique, ${IS_IDLE}
          ORDER BY x.relpages DESC, x.oid) <= ${MAX_DEFINITIONS}
        THEN ${INDEX_DEFINITION} END AS definition`

export const indexes = collector({
  section: 'indexes',
  sql: context => `SELECT ${MARK} i.indexrelid::int8 AS oid, n.nspname::text AS schema, x.relname::text AS name,
      i.indrelid::int8 AS "tableOid", c.relname::text AS "table", am.amname::text AS method,
      ${keyPart('i.indkey')} AS "keyColumns",
      ARRAY(SELECT a.attname::text FROM pg_catalog.unnest((i.indkey::int2[])[0:i.indnkeyatts - 1])
          WITH ORDINALITY AS k(attnum, position)
        LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum AND k.attnum > 0
        ORDER BY k.position) AS "keyNames",
      (i.indkey::int8[])[i.indnkeyatts:] AS "includedColumns",
      ${keyPart('i.indclass')} AS opclasses, ${keyPart('i.indcollation')} AS collations,
      ${keyPart('i.indoption')} AS ordering,
      CASE WHEN i.indexprs IS NOT NULL THEN pg_catalog.pg_get_expr(i.indexprs, i.indrelid) END AS expressions,
      CASE WHEN i.indpred IS NOT NULL THEN pg_catalog.pg_get_expr(i.indpred, i.indrelid) END AS predicate,
      i.indisunique AS "isUnique",
      ${context.versionNum >= 150000 ? 'i.indnullsnotdistinct' : 'false'} AS "nullsNotDistinct",
      i.indimmediate AS "isImmediate", i.indisprimary AS "isPrimary", i.indisexclusion AS "isExclusion", i.indisreplident AS "isReplicaIdentity",
      i.indisclustered AS "isClustered", i.indisvalid AS "isValid", i.indisready AS "isReady", i.indislive AS "isLive",
      x.relispartition AS "isPartition", x.relkind = 'I' AS "isPartitioned",
      k.name AS "constraint",
      x.relpages AS pages, x.reltuples::float8 AS "rowsEstimate",
      pg_catalog.pg_stat_get_numscans(x.oid)::float8 AS scans,
      pg_catalog.pg_stat_get_tuples_returned(x.oid)::float8 AS "rowsRead",
      pg_catalog.pg_stat_get_tuples_fetched(x.oid)::float8 AS "rowsFetched",
      ${since(context, 160000, 'extract(epoch from pg_catalog.pg_stat_get_lastscan(x.oid))::float8', 'lastScan')},
      ${optionsOf('x.reloptions')},
      ${DEFINITION},
      pg_catalog.count(*) OVER () AS total
    FROM (SELECT i.*, ${TWINS} AS twins FROM pg_catalog.pg_index i WHERE ${amongTables(context, 'i.indrelid')}) i
      JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
      JOIN pg_catalog.pg_class c ON c.oid = i.indrelid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_catalog.pg_am am ON am.oid = x.relam
      LEFT JOIN ${CONSTRAINTS} k ON k.conindid = i.indexrelid
    ORDER BY x.relpages DESC, n.nspname, x.relname
    LIMIT ${MAX_INDEXES}`,
  map: rows => limited<Index>(rows),
})

const locked = (relation: string) => `l.locktype = 'relation' AND l.relation = ${relation} AND l.granted
            AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
            AND l.mode = 'ShareUpdateExclusiveLock'`

/**
 * Which index a session builds is hidden from a plain role, its locks are not: all that lets writes go on meanwhile
 * holds SHARE UPDATE EXCLUSIVE, on the table and, except for CREATE INDEX, on the index. Told in the same statement as
 * the validity, because a build may end at any moment.
 */
const IS_BUILDING = `EXISTS (SELECT FROM pg_catalog.pg_stat_progress_create_index p
        WHERE p.datname = pg_catalog.current_database() AND (p.relid = i.indrelid
          OR p.relid IS NULL AND EXISTS (SELECT FROM pg_catalog.pg_locks l WHERE l.pid = p.pid AND ${locked('i.indrelid')})))
        OR EXISTS (SELECT FROM pg_catalog.pg_locks l WHERE ${locked('i.indexrelid')})`

/** Of the whole database, not only of the tables that are described; TOAST's too. */
export const invalidIndexes = collector({
  section: 'invalidIndexes',
  sql: () => `SELECT ${MARK} i.indexrelid::int8 AS oid, n.nspname::text AS schema, x.relname::text AS name,
      i.indrelid::int8 AS "tableOid", c.relname::text AS "table", i.indisunique AS "isUnique",
      i.indisprimary AS "isPrimary", i.indisexclusion AS "isExclusion", i.indisready AS "isReady",
      i.indislive AS "isLive", x.relkind = 'I' AS "isPartitioned", k.name AS "constraint", x.relpages AS pages,
      ${INDEX_DEFINITION} AS definition,
      ${IS_BUILDING} AS "isBuilding",
      pg_catalog.count(*) OVER () AS total
    FROM pg_catalog.pg_index i
      JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
      JOIN pg_catalog.pg_class c ON c.oid = i.indrelid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      LEFT JOIN ${CONSTRAINTS} k ON k.conindid = i.indexrelid
    WHERE NOT (i.indisvalid AND i.indisready AND i.indislive) AND x.relpersistence <> 't'
      AND (${USER_SCHEMAS} OR n.nspname = 'pg_toast')
    ORDER BY x.relpages DESC, n.nspname, x.relname
    LIMIT ${MAX_DEFINITIONS}`,
  map: rows => limited<InvalidIndex>(rows),
})

export const extensions = collector({
  section: 'extensions',
  sql: () => `SELECT ${MARK} e.extname::text AS name, e.extversion AS version,
      a.default_version AS "availableVersion", n.nspname::text AS schema
    FROM pg_catalog.pg_extension e
      JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
      LEFT JOIN pg_catalog.pg_available_extensions a ON a.name = e.extname
    ORDER BY 1`,
})

/** Tables that an application framework's own machinery creates. */
const MARKERS = [
  'django_migrations',
  'django_session',
  'django_content_type',
  'schema_migrations',
  'ar_internal_metadata',
  'sessions',
  '_prisma_migrations',
  'SequelizeMeta',
  'typeorm_metadata',
  'knex_migrations',
  'session',
  'user_sessions',
]

/** A table of this name that this role may read, and that has the columns that Django gives it. */
const CONTENT_TYPES = `SELECT n.nspname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relname = 'django_content_type' AND c.relkind = 'r' AND n.nspname !~ '^pg_'
        AND pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT')
        AND 2 = (SELECT pg_catalog.count(*) FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid
          AND a.attname IN ('app_label', 'model') AND a.atttypid = 'pg_catalog.varchar'::regtype)
      ORDER BY 1 LIMIT 1`

const MAX_MODELS = 500

/**
 * Whether the table is there is only known on the server, and a statement that names a missing one fails: ts_stat()
 * runs a text instead, and gives back the words of it. No model's name has a dot.
 */
const MODELS = `pg_catalog.ts_stat(pg_catalog.format('SELECT ${MARK} pg_catalog.array_to_tsvector(ARRAY[app_label || ''.'' || model])
        FROM %I.django_content_type LIMIT ${MAX_MODELS}', t.nspname))`

export const application = collector({
  section: 'application',
  sql: () => `WITH content_types AS MATERIALIZED (${CONTENT_TYPES.replace('SELECT', `SELECT ${MARK}`)})
    SELECT
      coalesce((SELECT pg_catalog.jsonb_agg(m) FROM (
        SELECT n.nspname::text AS schema, c.relname::text AS "table"
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p') AND c.relname IN (${MARKERS.map(name => `'${name}'`).join(', ')})
          AND n.nspname !~ '^pg_'
        ORDER BY 1, 2
        LIMIT 200) m), '[]') AS markers,
      ARRAY(SELECT s.word FROM content_types t CROSS JOIN LATERAL ${MODELS} s ORDER BY s.word) AS models`,
  map: ([row]) => ({
    markers: row!.markers as {schema: string; table: string}[],
    djangoModels: (row!.models as string[]).map(modelOf),
  }),
})

function modelOf(word: string): {app: string; model: string} {
  const dot = word.lastIndexOf('.')
  return {app: word.slice(0, dot), model: word.slice(dot + 1)}
}
