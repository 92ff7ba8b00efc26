import {collector, count, epoch, MARK, since} from './collector.js'

/** The current-WAL functions fail on a standby (55000). */
const HERE = `CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_receive_lsn()
                   ELSE pg_catalog.pg_current_wal_lsn() END`
const behind = (lsn: string) => `pg_catalog.pg_wal_lsn_diff(${HERE}, ${lsn})::float8`

export const replicas = collector({
  section: 'replicas',
  sql: () => `SELECT ${MARK} pid, coalesce(usename::text, '') AS "user", coalesce(application_name, '') AS application,
      host(client_addr) AS "clientAddr", coalesce(state, '') AS state, coalesce(sync_state, '') AS "syncState",
      ${behind('sent_lsn')} AS "sentLag", ${behind('replay_lsn')} AS "replayLag",
      extract(epoch from replay_lag)::float8 AS "replayLagSeconds", pg_catalog.age(backend_xmin) AS "xminAge"
    FROM pg_catalog.pg_stat_replication
    ORDER BY pid
    LIMIT 100`,
  map: (rows, {user}) =>
    rows.some(row => row.state === '')
      ? {ok: false, reason: 'permission', message: 'standbys are hidden', grant: `GRANT pg_monitor TO ${user};`}
      : (rows as never),
})

/** The conflicts of each database as one JSON array, so that a standby without any is still one row. */
const conflicts = (versionNum: number) => `(SELECT coalesce(pg_catalog.jsonb_agg(pg_catalog.to_jsonb(x)
      ORDER BY x.database), '[]') FROM (
        SELECT c.datname::text AS database, ${count('c.confl_tablespace', 'tablespace')},
          ${count('c.confl_lock', 'lock')}, ${count('c.confl_snapshot', 'snapshot')},
          ${count('c.confl_bufferpin', 'bufferPin')}, ${count('c.confl_deadlock', 'deadlock')},
          ${versionNum >= 160000 ? 'c.confl_active_logicalslot::float8' : 'NULL::float8'} AS "logicalSlot",
          ${epoch('d.stats_reset', 'statsReset')}
        FROM pg_catalog.pg_stat_database_conflicts c JOIN pg_catalog.pg_stat_database d ON d.datid = c.datid
        ORDER BY d.numbackends DESC, c.datname LIMIT 200
      ) x)`

export const standby = collector({
  section: 'standby',
  sql: ({versionNum}) => `SELECT ${MARK}
      pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_last_wal_receive_lsn(), pg_catalog.pg_last_wal_replay_lsn())::float8
        AS "receivedBytesAhead",
      ${epoch('pg_catalog.pg_last_xact_replay_timestamp()', 'lastReplayedAt')},
      CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_is_wal_replay_paused() ELSE false END AS "isPaused",
      EXISTS (SELECT FROM pg_catalog.pg_stat_wal_receiver) AS "isStreaming",
      ${conflicts(versionNum)} AS conflicts`,
  map: rows => rows[0] as never,
})

export const slots = collector({
  section: 'slots',
  sql: context => `SELECT ${MARK} slot_name::text AS name, plugin::text AS plugin, slot_type AS "slotType",
      database::text AS database, active, temporary, ${behind('restart_lsn')} AS "retainedBytes",
      pg_catalog.age(xmin) AS "xminAge", pg_catalog.age(catalog_xmin) AS "catalogXminAge",
      ${context.versionNum >= 170000 ? 'synced' : 'false'} AS "isSynced",
      ${context.versionNum >= 130000 ? 'wal_status' : 'NULL::text'} AS "walStatus",
      ${since(context, 130000, 'safe_wal_size::float8', 'safeWalBytes')},
      ${since(context, 170000, 'extract(epoch from inactive_since)::float8', 'inactiveSince')},
      ${context.versionNum >= 170000 ? 'invalidation_reason' : 'NULL::text'} AS "invalidationReason"
    FROM pg_catalog.pg_replication_slots
    ORDER BY 1
    LIMIT 200`,
})

export const preparedTransactions = collector({
  section: 'preparedTransactions',
  sql: () => `SELECT ${MARK} gid, owner::text AS owner, database::text AS database, ${epoch('prepared', 'preparedAt')},
      pg_catalog.age(transaction) AS "xidAge"
    FROM pg_catalog.pg_prepared_xacts
    ORDER BY prepared
    LIMIT 100`,
})
