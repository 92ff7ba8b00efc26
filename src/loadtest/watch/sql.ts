import {type CollectContext, count, epoch, MARK, since} from '../../collect/collector.js'
import {MOST} from '../../collect/statement-samples.js'
import {view} from '../../collect/statements.js'

/** Rows of each list in a sample: what is further down decides nothing. */
const FEW = 10
const STATEMENTS = 5
/** A text is cut here before it travels; what is kept of it is shorter still. */
const TEXT = 1000

const list = (query: string) => `(SELECT coalesce(pg_catalog.jsonb_agg(r), '[]') FROM (${query}) r)`

/** Of other roles' sessions a plain role sees that they are there, not what they are: clients have a database. */
const IS_CLIENT = `(backend_type = 'client backend'
      OR backend_type IS NULL AND datid IS NOT NULL AND usesysid IS NOT NULL)`

/** Who waits for another transaction to end may hold no lock on the row: then the table that its statement writes. */
const WRITTEN = `(SELECT t.relation FROM l t JOIN pg_catalog.pg_class r ON r.oid = t.relation AND r.relkind IN ('r', 'p')
        WHERE t.pid = l.pid AND t.locktype = 'relation' AND t.granted
          AND EXISTS (SELECT FROM s WHERE s.pid = l.pid AND pg_catalog.strpos(s.text, r.relname::text) > 0)
        ORDER BY t.mode, t.relation LIMIT 1)`

/** One row with all of a second: the sessions are read once, and the locks only when somebody waits for one. */
export const activitySql = (context: CollectContext): string => `WITH s AS MATERIALIZED (
    SELECT ${MARK} pid, datname::text AS database, usename::text AS "user", coalesce(application_name, '') AS application,
      coalesce(pg_catalog.host(client_addr), '') AS address, state, wait_event_type AS type, wait_event AS event,
      xact_start, ${context.versionNum >= 140000 ? 'query_id::text' : 'NULL::text'} AS queryid,
      pg_catalog.left(query, ${TEXT}) AS text
    FROM pg_catalog.pg_stat_activity
    WHERE ${IS_CLIENT} AND pid <> pg_catalog.pg_backend_pid()
  ), a AS (SELECT * FROM s WHERE state = 'active'),
  l AS MATERIALIZED (
    SELECT pid, relation, locktype, mode, granted FROM pg_catalog.pg_locks
    WHERE EXISTS (SELECT FROM s WHERE s.type = 'Lock') AND pid IN (SELECT pid FROM s WHERE s.type = 'Lock')
      AND (NOT granted OR locktype = 'tuple' OR locktype = 'relation' AND mode IN ('RowExclusiveLock', 'RowShareLock'))
  ), b AS (
    SELECT coalesce(l.relation,
      (SELECT t.relation FROM l t WHERE t.pid = l.pid AND t.locktype = 'tuple' LIMIT 1), ${WRITTEN}) AS relation
    FROM l WHERE NOT l.granted
  )
  SELECT pg_catalog.count(*)::int AS total,
    (pg_catalog.count(*) FILTER (WHERE state = 'active'))::int AS active,
    (pg_catalog.count(*) FILTER (WHERE state = 'idle'))::int AS idle,
    (pg_catalog.count(*) FILTER (WHERE state LIKE 'idle in transaction%'))::int AS "idleInTransaction",
    (pg_catalog.count(*) FILTER (WHERE state = 'active' AND event IS NULL))::int AS running,
    extract(epoch from pg_catalog.clock_timestamp() - pg_catalog.min(xact_start))::float8 AS "oldestTransaction",
    ${list(`SELECT type, event, pg_catalog.count(*) AS count FROM a WHERE event IS NOT NULL
      GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT ${FEW}`)} AS waits,
    ${list(`SELECT '"' || pg_catalog.replace(n.nspname, '"', '""') || '"."' || pg_catalog.replace(c.relname, '"', '""') || '"'
        AS relation, pg_catalog.count(*) AS count
      FROM b LEFT JOIN pg_catalog.pg_class c ON c.oid = b.relation LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ${FEW}`)} AS blocked,
    ${list(`SELECT queryid, pg_catalog.min(text) AS text, pg_catalog.count(*) AS count FROM a
      GROUP BY queryid, CASE WHEN queryid IS NULL THEN text END ORDER BY 3 DESC, 2 LIMIT ${STATEMENTS}`)} AS statements,
    ${list(`SELECT "user", database, application, address, pg_catalog.count(*) AS count FROM s
      GROUP BY 1, 2, 3, 4 ORDER BY 5 DESC, 1, 2, 3, 4 LIMIT ${FEW}`)} AS clients
  FROM s`

const setting = (name: string) => `pg_catalog.current_setting('${name}')::int`
/** 16+ */
const RESERVED = `coalesce(pg_catalog.current_setting('reserved_connections', true)::int, 0)`

export const countersSql = (context: CollectContext): string => `SELECT ${MARK}
    ${epoch('pg_catalog.pg_postmaster_start_time()', 'startedAt')},
    ${setting('max_connections')} - ${setting('superuser_reserved_connections')} - ${RESERVED} AS usable,
    ${setting('max_connections')} AS "maxConnections",
    ${count('xact_commit', 'commits')}, ${count('xact_rollback', 'rollbacks')}, ${count('deadlocks', 'deadlocks')},
    ${count('temp_bytes', 'tempBytes')}, ${count('blks_read', 'blocksRead')}, ${count('blks_hit', 'blocksHit')},
    ${since(context, 140000, 'active_time', 'activeMs')},
    ${since(context, 140000, 'idle_in_transaction_time', 'idleInTransactionMs')},
    ${since(context, 140000, 'sessions::float8', 'sessions')}
  FROM pg_catalog.pg_stat_database
  WHERE datname = pg_catalog.current_database()`

const minorVersion = ({statements}: CollectContext) => Number(statements!.version.split('.')[1] ?? 0)

/** Without texts: those cost as much as all statements that were ever sent (see collect/statements.ts). */
export function statementsSql(context: CollectContext): string {
  const minor = minorVersion(context)
  const info = `${view(context)}_info`
  // Evicted entries, or a reset, make differences wrong.
  const era = minor >= 9 ? `(SELECT dealloc::text || ' ' || stats_reset::text FROM ${info})` : `''::text`
  return `SELECT ${MARK} s.queryid::text AS queryid, pg_catalog.sum(s.calls)::float8 AS calls,
      pg_catalog.sum(s.rows)::float8 AS rows, pg_catalog.sum(s.${minor >= 8 ? 'total_exec_time' : 'total_time'}) AS "totalMs",
      ${era} AS epoch, ${epoch('pg_catalog.clock_timestamp()', 'at')}
    FROM ${view(context)}(false) s
    WHERE s.queryid IS NOT NULL ${minor >= 9 ? 'AND s.toplevel' : ''}
      AND s.dbid = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
    GROUP BY s.queryid
    ORDER BY greatest(pg_catalog.sum(s.calls), pg_catalog.sum(s.rows)) DESC, s.queryid
    LIMIT ${MOST}`
}

/** Our own, by their mark. COMMIT and the like are one entry with the application's, whoever came first. */
export const ownStatementsSql = (context: CollectContext): string => `SELECT ${MARK} DISTINCT queryid::text AS queryid
    FROM ${view(context)}(true)
    WHERE query LIKE '%${MARK}%' AND query !~* '^(BEGIN|COMMIT|ROLLBACK)'
    LIMIT 200`

export const textsSql = (context: CollectContext, queryids: readonly string[]): string => `SELECT ${MARK}
      DISTINCT ON (queryid) queryid::text AS queryid, pg_catalog.left(query, ${TEXT * 4}) AS text
    FROM ${view(context)}(true)
    WHERE queryid = ANY ('{${queryids.join(',')}}'::int8[])
    ORDER BY queryid, query`
