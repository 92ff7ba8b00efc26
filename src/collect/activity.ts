import type {Activity, ActivitySample, Section, Session} from '../snapshot.js'
import {collector, epoch, MARK, since} from './collector.js'

const MAX_SESSIONS = 1000

/** What pg_stat_activity shows of other roles' sessions to a role without pg_read_all_stats. */
const HIDDEN = '<insufficient privilege>'

export const activity = collector({
  section: 'activity',
  sql: context => `SELECT ${MARK} pid, coalesce(backend_type, '') AS "backendType", datname::text AS database,
      usename::text AS "user", coalesce(application_name, '') AS application, host(client_addr) AS "clientAddr",
      t.ssl, state, wait_event_type AS "waitEventType", wait_event AS "waitEvent",
      ${epoch('backend_start', 'backendStart')}, ${epoch('xact_start', 'xactStart')},
      ${epoch('query_start', 'queryStart')}, ${epoch('state_change', 'stateChange')},
      greatest(pg_catalog.age(backend_xmin), pg_catalog.age(backend_xid)) AS "xminAge", ${since(context, 130000, 'leader_pid', 'leaderPid')},
      pg_catalog.left(query, 4096) AS query, ${epoch('pg_catalog.clock_timestamp()', 'at')},
      pg_catalog.count(*) OVER () AS total
    FROM pg_catalog.pg_stat_activity
      LEFT JOIN pg_catalog.pg_stat_ssl t USING (pid)
    WHERE pid <> pg_catalog.pg_backend_pid()
      AND (usesysid IS NOT NULL OR backend_type = 'autovacuum worker')
    ORDER BY state = 'idle', xact_start NULLS LAST, pid
    LIMIT ${MAX_SESSIONS}`,
  map: (rows, {user}): Section<Activity> => {
    const hidden = rows.filter(row => row.query === HIDDEN).length
    if (hidden > 0) {
      return {
        ok: false,
        reason: 'permission',
        message: `${hidden} of ${rows.length} sessions belong to other roles and are hidden`,
        grant: `GRANT pg_monitor TO ${user};`,
      }
    }
    const total = Number(rows[0]?.total ?? 0)
    const sessions = rows.map(({total: _, at: __, ...row}) => row as unknown as Session)
    return {
      ok: true,
      data: {at: Number(rows[0]?.at ?? 0), sessions, samples: []},
      ...(total > rows.length ? {total} : {}),
    }
  },
})

/** Cheap enough to be taken many times in a run; ours is not counted. */
export const SAMPLE_SQL = `SELECT ${MARK} ${epoch('pg_catalog.clock_timestamp()', 'at')},
    pg_catalog.count(*)::int AS clients,
    (pg_catalog.count(*) FILTER (WHERE state = 'active'))::int AS active,
    (pg_catalog.count(*) FILTER (WHERE state = 'idle'))::int AS idle,
    (pg_catalog.count(*) FILTER (WHERE state LIKE 'idle in transaction%'))::int AS "idleInTransaction",
    (pg_catalog.count(*) FILTER (WHERE wait_event_type = 'Lock'))::int AS "waitingForLock"
  FROM pg_catalog.pg_stat_activity
  WHERE pid <> pg_catalog.pg_backend_pid() AND backend_type = 'client backend'`

export const toSample = (row: Record<string, unknown>) => row as unknown as ActivitySample

/** pg_locks is readable by everybody, so blocking chains need no privilege. */
export const blocking = collector({
  section: 'blocking',
  sql: context => `WITH waiting AS (
      SELECT ${MARK} l.pid, l.mode, l.relation, l.database, l.locktype,
        ${context.versionNum >= 140000 ? 'l.waitstart' : 'NULL::timestamptz'} AS waitstart
      FROM pg_catalog.pg_locks l
      WHERE NOT l.granted AND l.pid IS NOT NULL AND l.pid <> pg_catalog.pg_backend_pid()
      LIMIT 200
    )
    SELECT w.pid, b.pids AS "blockedBy",
      (SELECT coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
          'pid', s.pid, 'user', s.usename, 'application', coalesce(s.application_name, '')) ORDER BY s.pid), '[]')
        FROM pg_catalog.pg_stat_activity s WHERE s.pid = ANY (b.pids)) AS blockers,
      extract(epoch from pg_catalog.clock_timestamp() - coalesce(w.waitstart, a.query_start))::float8 AS "waitedFor",
      w.mode AS "lockMode",
      CASE WHEN c.oid IS NOT NULL THEN
        '"' || pg_catalog.replace(n.nspname, '"', '""') || '"."' || pg_catalog.replace(c.relname, '"', '""') || '"'
      END AS relation
    FROM waiting w
      CROSS JOIN LATERAL (SELECT pg_catalog.pg_blocking_pids(w.pid) AS pids) b
      LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = w.pid
      LEFT JOIN LATERAL (
        SELECT t.relation FROM pg_catalog.pg_locks t
        WHERE t.pid = w.pid AND t.locktype = 'tuple' AND w.relation IS NULL LIMIT 1
      ) t ON true
      LEFT JOIN pg_catalog.pg_class c ON c.oid = coalesce(w.relation, t.relation)
      LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    ORDER BY w.pid`,
})
