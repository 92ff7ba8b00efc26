import type {Section, TableSpace} from '../snapshot.js'
import {amongTables, type CollectContext, collector, MARK} from './collector.js'

/** The largest tables that fit into the budget. */
const MAX_TABLES = 20

/** Pages that are not all-visible are read one by one, 1 GB in all; of the others the free space map tells. */
const MAX_PAGES = 131_072

const schemaOf = ({deep}: CollectContext) => `"${(deep?.schema ?? 'public').replaceAll('"', '""')}"`

function unavailable({deep, user}: CollectContext): Section<never> | null {
  if (deep === null) return {ok: false, reason: 'unsupported', message: 'only read with --deep'}
  if (deep.schema === null) {
    const grant = 'CREATE EXTENSION pgstattuple;'
    return {ok: false, reason: 'missing-extension', message: 'pgstattuple is not created in this database', grant}
  }
  if (deep.mayScan) return null
  return {ok: false, reason: 'permission', message: 'permission denied', grant: `GRANT pg_stat_scan_tables TO ${user};`}
}

/** Its locks are those of a SELECT; it does not wait for tables on which DDL works. */
export const tableSpace = collector({
  section: 'tableSpace',
  timeoutMs: 20_000,
  unavailable,
  grant: context =>
    `GRANT pg_stat_scan_tables TO ${context.user}; GRANT USAGE ON SCHEMA ${schemaOf(context)} TO ${context.user};`,
  sql: context => `WITH tables AS MATERIALIZED (
      SELECT ${MARK} c.oid, pg_catalog.sum(greatest(c.relpages - c.relallvisible, 0)) OVER (
        ORDER BY c.relpages DESC, c.oid) AS to_read, c.relpages
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_am m ON m.oid = c.relam AND m.amname = 'heap'
      WHERE c.relkind IN ('r', 'm') AND ${amongTables(context, 'c.oid')}
        AND (c.relpersistence = 'p' OR NOT pg_catalog.pg_is_in_recovery())
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_locks l
          WHERE l.locktype = 'relation' AND l.relation = c.oid AND l.mode = 'AccessExclusiveLock')
      ORDER BY c.relpages DESC, c.oid LIMIT ${MAX_TABLES}
    )
    SELECT t.oid::int8 AS oid, s.table_len::float8 AS bytes, s.approx_tuple_len::float8 AS "liveBytes",
      s.dead_tuple_len::float8 AS "deadBytes", s.approx_free_space::float8 AS "freeBytes"
    FROM tables t
      CROSS JOIN LATERAL ${schemaOf(context)}.pgstattuple_approx(t.oid::regclass) s
    WHERE t.to_read <= ${MAX_PAGES}
    ORDER BY t.relpages DESC, t.oid`,
  map: rows => rows as unknown as TableSpace[],
})
