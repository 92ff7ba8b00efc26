// Written by `npm run generate` from the files beside it; never edited.
import type {Rule} from '../rule.js'
import connectionsChurn from './connections/churn.js'
import connectionsExhaustion from './connections/exhaustion.js'
import connectionsLimits from './connections/limits.js'
import connectionsSaturation from './connections/saturation.js'
import indexesBloat from './indexes/bloat.js'
import indexesCovered from './indexes/covered.js'
import indexesDuplicate from './indexes/duplicate.js'
import indexesForeignKeyUnindexed from './indexes/foreign-key-unindexed.js'
import indexesInvalid from './indexes/invalid.js'
import indexesLowUse from './indexes/low-use.js'
import indexesMissing from './indexes/missing.js'
import indexesUnused from './indexes/unused.js'
import memoryEffectiveCacheSize from './memory/effective-cache-size.js'
import memoryMaintenanceWorkMem from './memory/maintenance-work-mem.js'
import memorySharedBuffers from './memory/shared-buffers.js'
import memoryWorkMem from './memory/work-mem.js'
import observabilityIoTiming from './observability/io-timing.js'
import observabilityLockWaitLogging from './observability/lock-wait-logging.js'
import observabilityOverriddenSetting from './observability/overridden-setting.js'
import observabilityPendingRestart from './observability/pending-restart.js'
import observabilityQueryStatsCapacity from './observability/query-stats-capacity.js'
import observabilityReadyToMeasure from './observability/ready-to-measure.js'
import observabilityShortWindow from './observability/short-window.js'
import observabilitySlowQueryLogging from './observability/slow-query-logging.js'
import observabilityStatementsUnavailable from './observability/statements-unavailable.js'
import plannerRandomPageCost from './planner/random-page-cost.js'
import poolerApplicationNameAddHost from './pooler/application-name-add-host.js'
import poolerAuthentication from './pooler/authentication.js'
import poolerBypass from './pooler/bypass.js'
import poolerClientIdleTimeout from './pooler/client-idle-timeout.js'
import poolerClientsWaiting from './pooler/clients-waiting.js'
import poolerIdleTransactionTimeout from './pooler/idle-transaction-timeout.js'
import poolerListenBacklog from './pooler/listen-backlog.js'
import poolerMaxClientConn from './pooler/max-client-conn.js'
import poolerMinPoolSize from './pooler/min-pool-size.js'
import poolerNameResolution from './pooler/name-resolution.js'
import poolerOpenFileLimit from './pooler/open-file-limit.js'
import poolerOverCommitted from './pooler/over-committed.js'
import poolerOversizedPool from './pooler/oversized-pool.js'
import poolerPaused from './pooler/paused.js'
import poolerPreparedStatements from './pooler/prepared-statements.js'
import poolerQueryTimeout from './pooler/query-timeout.js'
import poolerQueryWaitTimeout from './pooler/query-wait-timeout.js'
import poolerReservePool from './pooler/reserve-pool.js'
import poolerRoleLimit from './pooler/role-limit.js'
import poolerServerIdleTimeout from './pooler/server-idle-timeout.js'
import poolerServerLifetime from './pooler/server-lifetime.js'
import poolerServerResetQuery from './pooler/server-reset-query.js'
import poolerServerSideCursors from './pooler/server-side-cursors.js'
import poolerSessionMode from './pooler/session-mode.js'
import poolerSessionState from './pooler/session-state.js'
import poolerSingleProcess from './pooler/single-process.js'
import poolerSqlPrepare from './pooler/sql-prepare.js'
import poolerStartupParameters from './pooler/startup-parameters.js'
import poolerTls from './pooler/tls.js'
import poolerVersion from './pooler/version.js'
import poolerWaitTime from './pooler/wait-time.js'
import poolerWildcardDatabase from './pooler/wildcard-database.js'
import queriesCacheable from './queries/cacheable.js'
import queriesDeadlocks from './queries/deadlocks.js'
import queriesNPlusOne from './queries/n-plus-one.js'
import queriesPartitionKeyUnused from './queries/partition-key-unused.js'
import queriesPlanningHeavy from './queries/planning-heavy.js'
import queriesRegression from './queries/regression.js'
import queriesRollbackRatio from './queries/rollback-ratio.js'
import queriesSessionTable from './queries/session-table.js'
import queriesSlow from './queries/slow.js'
import queriesTempSpill from './queries/temp-spill.js'
import queriesTooManyRows from './queries/too-many-rows.js'
import queriesUnstable from './queries/unstable.js'
import queriesWalHeavy from './queries/wal-heavy.js'
import replicationLag from './replication/lag.js'
import replicationSlots from './replication/slots.js'
import replicationStandbyConflicts from './replication/standby-conflicts.js'
import replicationSynchronous from './replication/synchronous.js'
import safetyBackups from './safety/backups.js'
import safetyChecksums from './safety/checksums.js'
import safetyDiskGrowth from './safety/disk-growth.js'
import safetyUnsafeSettings from './safety/unsafe-settings.js'
import schemaForeignKeyTypeMismatch from './schema/foreign-key-type-mismatch.js'
import schemaIntegerKeyExhaustion from './schema/integer-key-exhaustion.js'
import schemaJsonNotJsonb from './schema/json-not-jsonb.js'
import schemaNoPrimaryKey from './schema/no-primary-key.js'
import schemaNotValidatedConstraints from './schema/not-validated-constraints.js'
import schemaSequenceExhaustion from './schema/sequence-exhaustion.js'
import schemaUnpartitionedAppendOnly from './schema/unpartitioned-append-only.js'
import schemaUuidAsText from './schema/uuid-as-text.js'
import securityAuthentication from './security/authentication.js'
import securityExtensionVersions from './security/extension-versions.js'
import securityPasswordExpiry from './security/password-expiry.js'
import securityPublicSchemaCreate from './security/public-schema-create.js'
import securityServerVersion from './security/server-version.js'
import securitySslOff from './security/ssl-off.js'
import securitySuperuserApplication from './security/superuser-application.js'
import sessionsBlocked from './sessions/blocked.js'
import sessionsIdleInTransaction from './sessions/idle-in-transaction.js'
import sessionsLongQuery from './sessions/long-query.js'
import sessionsLongTransaction from './sessions/long-transaction.js'
import tablesBloat from './tables/bloat.js'
import tablesHotUpdates from './tables/hot-updates.js'
import tablesSeqScanHeavy from './tables/seq-scan-heavy.js'
import tablesToastCompression from './tables/toast-compression.js'
import timeoutsIdleInTransaction from './timeouts/idle-in-transaction.js'
import timeoutsLock from './timeouts/lock.js'
import timeoutsStatement from './timeouts/statement.js'
import vacuumBacklog from './vacuum/backlog.js'
import vacuumDeadRows from './vacuum/dead-rows.js'
import vacuumDisabled from './vacuum/disabled.js'
import vacuumHorizonHolders from './vacuum/horizon-holders.js'
import vacuumStaleStatistics from './vacuum/stale-statistics.js'
import vacuumWorkers from './vacuum/workers.js'
import vacuumWraparound from './vacuum/wraparound.js'
import walArchiverFailing from './wal/archiver-failing.js'
import walCompression from './wal/compression.js'
import walForcedCheckpoints from './wal/forced-checkpoints.js'
import walMaxWalSize from './wal/max-wal-size.js'

export const rules: readonly Rule[] = [
  connectionsChurn,
  connectionsExhaustion,
  connectionsLimits,
  connectionsSaturation,
  indexesBloat,
  indexesCovered,
  indexesDuplicate,
  indexesForeignKeyUnindexed,
  indexesInvalid,
  indexesLowUse,
  indexesMissing,
  indexesUnused,
  memoryEffectiveCacheSize,
  memoryMaintenanceWorkMem,
  memorySharedBuffers,
  memoryWorkMem,
  observabilityIoTiming,
  observabilityLockWaitLogging,
  observabilityOverriddenSetting,
  observabilityPendingRestart,
  observabilityQueryStatsCapacity,
  observabilityReadyToMeasure,
  observabilityShortWindow,
  observabilitySlowQueryLogging,
  observabilityStatementsUnavailable,
  plannerRandomPageCost,
  poolerApplicationNameAddHost,
  poolerAuthentication,
  poolerBypass,
  poolerClientIdleTimeout,
  poolerClientsWaiting,
  poolerIdleTransactionTimeout,
  poolerListenBacklog,
  poolerMaxClientConn,
  poolerMinPoolSize,
  poolerNameResolution,
  poolerOpenFileLimit,
  poolerOverCommitted,
  poolerOversizedPool,
  poolerPaused,
  poolerPreparedStatements,
  poolerQueryTimeout,
  poolerQueryWaitTimeout,
  poolerReservePool,
  poolerRoleLimit,
  poolerServerIdleTimeout,
  poolerServerLifetime,
  poolerServerResetQuery,
  poolerServerSideCursors,
  poolerSessionMode,
  poolerSessionState,
  poolerSingleProcess,
  poolerSqlPrepare,
  poolerStartupParameters,
  poolerTls,
  poolerVersion,
  poolerWaitTime,
  poolerWildcardDatabase,
  queriesCacheable,
  queriesDeadlocks,
  queriesNPlusOne,
  queriesPartitionKeyUnused,
  queriesPlanningHeavy,
  queriesRegression,
  queriesRollbackRatio,
  queriesSessionTable,
  queriesSlow,
  queriesTempSpill,
  queriesTooManyRows,
  queriesUnstable,
  queriesWalHeavy,
  replicationLag,
  replicationSlots,
  replicationStandbyConflicts,
  replicationSynchronous,
  safetyBackups,
  safetyChecksums,
  safetyDiskGrowth,
  safetyUnsafeSettings,
  schemaForeignKeyTypeMismatch,
  schemaIntegerKeyExhaustion,
  schemaJsonNotJsonb,
  schemaNoPrimaryKey,
  schemaNotValidatedConstraints,
  schemaSequenceExhaustion,
  schemaUnpartitionedAppendOnly,
  schemaUuidAsText,
  securityAuthentication,
  securityExtensionVersions,
  securityPasswordExpiry,
  securityPublicSchemaCreate,
  securityServerVersion,
  securitySslOff,
  securitySuperuserApplication,
  sessionsBlocked,
  sessionsIdleInTransaction,
  sessionsLongQuery,
  sessionsLongTransaction,
  tablesBloat,
  tablesHotUpdates,
  tablesSeqScanHeavy,
  tablesToastCompression,
  timeoutsIdleInTransaction,
  timeoutsLock,
  timeoutsStatement,
  vacuumBacklog,
  vacuumDeadRows,
  vacuumDisabled,
  vacuumHorizonHolders,
  vacuumStaleStatistics,
  vacuumWorkers,
  vacuumWraparound,
  walArchiverFailing,
  walCompression,
  walForcedCheckpoints,
  walMaxWalSize,
] as unknown as readonly Rule[]
