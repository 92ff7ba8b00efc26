import type {SectionName} from '../snapshot.js'
import * as activity from './activity.js'
import type {CollectContext, Collector} from './collector.js'
import {columnStatistics} from './column-statistics.js'
import * as counters from './databases.js'
import * as families from './families.js'
import * as indexes from './indexes.js'
import * as replication from './replication.js'
import * as schema from './schema.js'
import * as security from './security.js'
import * as sequences from './sequences.js'
import server from './server.js'
import * as settings from './settings.js'
import * as statements from './statements.js'
import {tableSpace} from './table-space.js'
import * as tables from './tables.js'
import {vacuum} from './vacuum.js'

/** In the order in which they run: what changes fastest first, what costs most last. */
export const collectors = [
  server,
  settings.settings,
  activity.activity,
  activity.blocking,
  counters.databases,
  settings.fileSettings,
  settings.roleSettings,
  settings.roles,
  counters.checkpoints,
  counters.io,
  counters.wal,
  counters.archiver,
  replication.replicas,
  replication.standby,
  replication.slots,
  replication.preparedTransactions,
  security.hbaRules,
  security.openSchemas,
  indexes.extensions,
  indexes.application,
  tables.tables,
  vacuum,
  indexes.indexes,
  indexes.invalidIndexes,
  columnStatistics,
  tableSpace,
  tables.foreignKeys,
  sequences.sequences,
  schema.keylessTables,
  schema.unvalidatedConstraints,
  schema.questionableColumns,
  schema.partitionedTables,
  statements.statementsInfo,
  statements.statements,
  statements.statementTexts,
  families.statementFamilies,
] as unknown as readonly Collector<SectionName>[]

/** A server as it might be, for showing a collector's SQL without one (`ahsp-db explain`). */
export const EXPLAIN_CONTEXT: CollectContext = {
  versionNum: 180000,
  user: 'ahsp_db',
  linux: true,
  readsFileSettings: true,
  readsHbaRules: true,
  statements: {schema: 'public', version: '1.12'},
  deep: {schema: 'public', mayScan: true},
  tableOids: [],
  queryids: [],
}

/** Every section of a snapshot: the server's, what was planned for it, and what comes from the poolers' consoles. */
export const sectionNames: readonly SectionName[] = [
  ...collectors.map(({section}) => section),
  'indexAdvice',
  'poolers',
]
