import {collector, epoch, MARK, since} from './collector.js'

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

export const slots = collector({
  section: 'slots',
  sql: context => `SELECT ${MARK} slot_name::text AS name, plugin::text AS plugin, slot_type AS "slotType",
      database::text AS database, active, temporary, ${behind('restart_lsn')} AS "retainedBytes",
      pg_catalog.age(xmin) AS "xminAge", pg_catalog.age(catalog_xmin) AS "catalogXminAge",
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
