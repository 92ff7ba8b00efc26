import type {Database} from '../snapshot.js'
import {collector, count, epoch, limited, MARK, since} from './collector.js'

/** The size of the connected database alone, and from relpages: pg_database_size() stats every file of each one. */
const OWN_SIZE = `CASE WHEN d.datname = pg_catalog.current_database() THEN
        (SELECT pg_catalog.sum(c.relpages)::float8 * pg_catalog.current_setting('block_size')::int FROM pg_catalog.pg_class c)
      END AS "sizeBytes"`

/** Of more databases than are described, those that matter most must be among them. */
const IS_OLD = `pg_catalog.age(d.datfrozenxid) > 2 * pg_catalog.current_setting('autovacuum_freeze_max_age')::int8`

export const databases = collector({
  section: 'databases',
  sql: context => `SELECT ${MARK} d.datname::text AS name, s.numbackends AS backends,
      d.datconnlimit AS "connectionLimit", d.datallowconn AS "allowConnections", d.datistemplate AS "isTemplate",
      ${OWN_SIZE},
      ${count('s.xact_commit', 'commits')}, ${count('s.xact_rollback', 'rollbacks')},
      ${count('s.blks_read', 'blocksRead')}, ${count('s.blks_hit', 'blocksHit')},
      ${count('s.temp_files', 'tempFiles')}, ${count('s.temp_bytes', 'tempBytes')},
      ${count('s.deadlocks', 'deadlocks')},
      ${since(context, 140000, 's.session_time', 'sessionTimeMs')},
      ${since(context, 140000, 's.active_time', 'activeTimeMs')},
      ${since(context, 140000, 's.idle_in_transaction_time', 'idleInTransactionTimeMs')},
      ${since(context, 140000, 's.sessions::float8', 'sessions')},
      ${since(context, 140000, 's.sessions_abandoned::float8', 'sessionsAbandoned')},
      ${since(context, 140000, 's.sessions_fatal::float8', 'sessionsFatal')},
      ${since(context, 140000, 's.sessions_killed::float8', 'sessionsKilled')},
      pg_catalog.age(d.datfrozenxid) AS "frozenXidAge", pg_catalog.mxid_age(d.datminmxid) AS "multixactAge",
      ${epoch('s.stats_reset', 'statsReset')},
      pg_catalog.count(*) OVER () AS total
    FROM pg_catalog.pg_database d
      JOIN pg_catalog.pg_stat_database s ON s.datid = d.oid
    ORDER BY d.datname = pg_catalog.current_database() DESC, ${IS_OLD} DESC, s.numbackends DESC, d.datname
    LIMIT 200`,
  map: rows => limited<Database>(rows),
})

export const checkpoints = collector({
  section: 'checkpoints',
  sql: ({versionNum}) =>
    versionNum >= 170000
      ? `SELECT ${MARK} ${count('num_timed', 'timed')}, ${count('num_requested', 'requested')}, write_time AS "writeMs",
           sync_time AS "syncMs", ${count('buffers_written', 'buffersWritten')}, NULL AS "backendWrites",
           ${epoch('stats_reset', 'statsReset')}
         FROM pg_catalog.pg_stat_checkpointer`
      : `SELECT ${MARK} ${count('checkpoints_timed', 'timed')}, ${count('checkpoints_req', 'requested')},
           checkpoint_write_time AS "writeMs", checkpoint_sync_time AS "syncMs",
           ${count('buffers_checkpoint', 'buffersWritten')}, ${count('buffers_backend', 'backendWrites')},
           ${epoch('stats_reset', 'statsReset')}
         FROM pg_catalog.pg_stat_bgwriter`,
  map: rows => rows[0] as never,
})

export const io = collector({
  section: 'io',
  minVersion: 160000,
  sql: ({versionNum}) => {
    const bytes = (operation: string) =>
      versionNum >= 180000 ? `${operation}_bytes::float8` : `${operation}s::float8 * op_bytes`
    return `SELECT ${MARK} backend_type AS "backendType", object, context,
        coalesce(reads, 0)::float8 AS reads, coalesce(${bytes('read')}, 0) AS "readBytes",
        coalesce(read_time, 0) AS "readMs",
        coalesce(writes, 0)::float8 AS writes, coalesce(${bytes('write')}, 0) AS "writeBytes",
        coalesce(write_time, 0) AS "writeMs",
        coalesce(extends, 0)::float8 AS extends, coalesce(hits, 0)::float8 AS hits,
        coalesce(evictions, 0)::float8 AS evictions, coalesce(fsyncs, 0)::float8 AS fsyncs
      FROM pg_catalog.pg_stat_io
      WHERE coalesce(reads, 0) + coalesce(writes, 0) + coalesce(extends, 0) + coalesce(hits, 0) > 0
      ORDER BY 1, 2, 3`
  },
})

/** Only those that the server was built with. */
const METHODS = `(SELECT enumvals FROM pg_catalog.pg_settings WHERE name = 'wal_compression')`

export const wal = collector({
  section: 'wal',
  minVersion: 140000,
  sql: ({versionNum}) => `SELECT ${MARK} ${count('wal_records', 'records')}, ${count('wal_fpi', 'fullPageImages')},
      ${count('wal_bytes', 'bytes')}, ${count('wal_buffers_full', 'buffersFull')},
      ${versionNum >= 150000 ? METHODS : 'NULL::text[]'} AS "compressionMethods",
      ${epoch('stats_reset', 'statsReset')}
    FROM pg_catalog.pg_stat_wal`,
  map: rows => rows[0] as never,
})

export const archiver = collector({
  section: 'archiver',
  sql: () => `SELECT ${MARK} ${count('archived_count', 'archived')}, ${count('failed_count', 'failed')},
      ${epoch('last_archived_time', 'lastArchived')}, ${epoch('last_failed_time', 'lastFailed')},
      last_failed_wal AS "lastFailedWal", last_archived_wal AS "lastArchivedWal",
      CASE WHEN NOT pg_catalog.pg_is_in_recovery()
        THEN pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()) END AS "currentWal",
      ${epoch('stats_reset', 'statsReset')}
    FROM pg_catalog.pg_stat_archiver`,
  map: rows => rows[0] as never,
})
