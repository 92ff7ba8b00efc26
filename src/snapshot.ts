import type {Activity, BlockedSession, PreparedTransaction} from './snapshot/activity.js'
import type {Archiver, Checkpoints, Database, IoRow, Wal} from './snapshot/counters.js'
import type {IndexAdvice} from './snapshot/index-advice.js'
import type {Pooler} from './snapshot/pooler.js'
import type {ColumnStatistics, Index, InvalidIndex, Table, TableSpace} from './snapshot/relations.js'
import type {Replica, ReplicationSlot, Standby} from './snapshot/replication.js'
import type {
  ForeignKey,
  KeylessTable,
  PartitionedTable,
  QuestionableColumns,
  Sequence,
  UnvalidatedConstraint,
} from './snapshot/schema.js'
import type {
  Application,
  Extension,
  FileSetting,
  HbaRule,
  OpenSchema,
  Role,
  RoleSetting,
  Server,
  Setting,
} from './snapshot/server.js'
import type {
  Statement,
  StatementFamilies,
  StatementSamples,
  StatementsInfo,
  StatementText,
} from './snapshot/statements.js'
import type {Vacuum} from './snapshot/vacuum.js'
import type {TargetSchema} from './whatif/shadow/schema.js'

export type * from './snapshot/activity.js'
export type * from './snapshot/counters.js'
export type * from './snapshot/index-advice.js'
export type * from './snapshot/pooler.js'
export type * from './snapshot/relations.js'
export type * from './snapshot/replication.js'
export type * from './snapshot/schema.js'
export type * from './snapshot/server.js'
export type * from './snapshot/statements.js'
export type * from './snapshot/vacuum.js'

/**
 * The Snapshot: everything that was read from a server, as plain JSON. Before it there is I/O and no judgement,
 * after it judgement and no I/O. All times are seconds since 1970 by the *server's* clock; all sizes are bytes.
 */
export type UnavailableReason = 'permission' | 'missing-extension' | 'unsupported' | 'timeout' | 'error'

export type Section<T> =
  | {ok: true; data: T /** present when the server had more rows than were fetched */; total?: number}
  | {ok: false; reason: UnavailableReason; message: string /** SQL or line that would cure it */; grant?: string}

export type Sections = {
  server: Server
  /** the PgBouncer processes whose consoles were named; unsupported: none was */
  poolers: Pooler[]
  settings: Setting[]
  fileSettings: FileSetting[]
  roleSettings: RoleSetting[]
  roles: Role[]
  activity: Activity
  blocking: BlockedSession[]
  databases: Database[]
  tables: Table[]
  vacuum: Vacuum
  indexes: Index[]
  invalidIndexes: InvalidIndex[]
  columnStatistics: ColumnStatistics[]
  tableSpace: TableSpace[]
  foreignKeys: ForeignKey[]
  sequences: Sequence[]
  keylessTables: KeylessTable[]
  unvalidatedConstraints: UnvalidatedConstraint[]
  questionableColumns: QuestionableColumns
  partitionedTables: PartitionedTable[]
  checkpoints: Checkpoints
  io: IoRow[]
  wal: Wal
  archiver: Archiver
  replicas: Replica[]
  standby: Standby
  slots: ReplicationSlot[]
  preparedTransactions: PreparedTransaction[]
  extensions: Extension[]
  application: Application
  statementsInfo: StatementsInfo
  statements: Statement[]
  statementTexts: StatementText[]
  hbaRules: HbaRule[]
  openSchemas: OpenSchema[]
  statementFamilies: StatementFamilies
  /** unsupported: nobody asked for it, or there is nothing to plan with on this machine */
  indexAdvice: IndexAdvice
}

export type SectionName = keyof Sections

/** Two readings of the counters, taken `seconds` apart with `check --window`, and those of statements in between. */
export type Window = {
  seconds: number
  before: {at: number; databases: Database[]; checkpoints: Checkpoints | null}
  statements?: StatementSamples | null
}

export const SNAPSHOT_VERSION = 1

export type Snapshot = {
  format: 'ahsp-db/snapshot'
  version: typeof SNAPSHOT_VERSION
  tool: string
  /** how the server was reached; never a password */
  target: {host: string; port: number; database: string; user: string}
  /** server's clock when collection ended */
  collectedAt: number
  /** what cut the run short; null: it ran to its end */
  cutShortBy: 'deadline' | 'signal' | 'lost connection' | null
  warnings: string[]
  window: Window | null
  sections: {[K in SectionName]: Section<Sections[K]>}
  /** what plans are made from, with values of columns: only with `snapshot --include-statistics` */
  schema?: TargetSchema
}
