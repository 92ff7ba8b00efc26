// Written by `npm run generate` from the files beside it; never edited.
import type {Rule} from '../rule.js'
import connectionsChurn from './connections/churn.js'
import connectionsExhaustion from './connections/exhaustion.js'
import connectionsLimits from './connections/limits.js'
import connectionsSaturation from './connections/saturation.js'
import indexesCovered from './indexes/covered.js'
import indexesDuplicate from './indexes/duplicate.js'
import indexesForeignKeyUnindexed from './indexes/foreign-key-unindexed.js'
import indexesInvalid from './indexes/invalid.js'
import indexesUnused from './indexes/unused.js'
import memoryEffectiveCacheSize from './memory/effective-cache-size.js'
import memoryMaintenanceWorkMem from './memory/maintenance-work-mem.js'
import memorySharedBuffers from './memory/shared-buffers.js'
import memoryWorkMem from './memory/work-mem.js'
import observabilityIoTiming from './observability/io-timing.js'
import observabilityOverriddenSetting from './observability/overridden-setting.js'
import observabilityPendingRestart from './observability/pending-restart.js'
import observabilityShortWindow from './observability/short-window.js'
import observabilityStatementsUnavailable from './observability/statements-unavailable.js'
import plannerRandomPageCost from './planner/random-page-cost.js'
import queriesSessionTable from './queries/session-table.js'
import queriesSlow from './queries/slow.js'
import safetyBackups from './safety/backups.js'
import safetyChecksums from './safety/checksums.js'
import safetyUnsafeSettings from './safety/unsafe-settings.js'
import sessionsBlocked from './sessions/blocked.js'
import sessionsIdleInTransaction from './sessions/idle-in-transaction.js'
import sessionsLongQuery from './sessions/long-query.js'
import sessionsLongTransaction from './sessions/long-transaction.js'
import timeoutsIdleInTransaction from './timeouts/idle-in-transaction.js'
import timeoutsLock from './timeouts/lock.js'
import timeoutsStatement from './timeouts/statement.js'

export const rules: readonly Rule[] = [
  connectionsChurn,
  connectionsExhaustion,
  connectionsLimits,
  connectionsSaturation,
  indexesCovered,
  indexesDuplicate,
  indexesForeignKeyUnindexed,
  indexesInvalid,
  indexesUnused,
  memoryEffectiveCacheSize,
  memoryMaintenanceWorkMem,
  memorySharedBuffers,
  memoryWorkMem,
  observabilityIoTiming,
  observabilityOverriddenSetting,
  observabilityPendingRestart,
  observabilityShortWindow,
  observabilityStatementsUnavailable,
  plannerRandomPageCost,
  queriesSessionTable,
  queriesSlow,
  safetyBackups,
  safetyChecksums,
  safetyUnsafeSettings,
  sessionsBlocked,
  sessionsIdleInTransaction,
  sessionsLongQuery,
  sessionsLongTransaction,
  timeoutsIdleInTransaction,
  timeoutsLock,
  timeoutsStatement,
] as unknown as readonly Rule[]
