// Written by `npm run generate` from the files beside it; never edited.
import type {Rule} from '../rule.js'
import connectionsChurn from './connections/churn.js'
import connectionsExhaustion from './connections/exhaustion.js'
import connectionsLimits from './connections/limits.js'
import connectionsSaturation from './connections/saturation.js'
import indexesDuplicate from './indexes/duplicate.js'
import indexesForeignKeyUnindexed from './indexes/foreign-key-unindexed.js'
import indexesUnused from './indexes/unused.js'
import observabilityIoTiming from './observability/io-timing.js'
import queriesSlow from './queries/slow.js'
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
  indexesDuplicate,
  indexesForeignKeyUnindexed,
  indexesUnused,
  observabilityIoTiming,
  queriesSlow,
  sessionsBlocked,
  sessionsIdleInTransaction,
  sessionsLongQuery,
  sessionsLongTransaction,
  timeoutsIdleInTransaction,
  timeoutsLock,
  timeoutsStatement,
] as unknown as readonly Rule[]
