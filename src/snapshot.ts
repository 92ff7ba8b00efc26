/**
 * The Snapshot: everything that was read from a server, as plain JSON. Before it there is I/O and no judgement,
 * after it judgement and no I/O. All times are seconds since 1970 by the *server's* clock; all sizes are bytes.
 */
export type UnavailableReason = 'permission' | 'missing-extension' | 'unsupported' | 'timeout' | 'error'

export type Section<T> =
  | {ok: true; data: T /** present when the server had more rows than were fetched */; total?: number}
  | {ok: false; reason: UnavailableReason; message: string /** SQL or line that would cure it */; grant?: string}

export type Server = {
  version: string
  /** server_version_num, e.g. 180004 */
  versionNum: number
  /** version(): carries the compiler and the packager */
  build: string
  database: string
  user: string
  isSuperuser: boolean
  /** roles that matter for what can be seen: pg_monitor, pg_read_all_settings, pg_read_all_stats, pg_read_all_data */
  memberOf: string[]
  startedAt: number
  now: number
  inRecovery: boolean
  /** may read pg_file_settings: a superuser, or by a grant of its own */
  readsFileSettings: boolean
  /** may read pg_hba_file_rules: a superuser, or by a grant of its own */
  readsHbaRules: boolean
  /** null when the role may not call pg_control_system() */
  systemIdentifier: string | null
  /** true when the session came over TCP */
  overTcp: boolean
  encoding: string
  /** where pg_stat_statements is created in this database, and its own version, which decides its columns */
  statementsExtension: {schema: string; version: string} | null
  /** SQL-visible facts that tell a managed platform: {platform: 'rds', evidence: 'setting rds.extensions exists'} */
  platformEvidence: {platform: string; evidence: string}[]
  /** replicas whose index scans were added to this snapshot's, with the seconds that their counters cover */
  replicas?: {target: string; seconds: number}[]
}

export type Setting = {
  name: string
  /** as pg_settings.setting: in `unit`s */
  value: string
  unit: string | null
  vartype: 'bool' | 'integer' | 'real' | 'string' | 'enum'
  context: 'internal' | 'postmaster' | 'sighup' | 'superuser-backend' | 'backend' | 'superuser' | 'user'
  source: string
  sourceFile: string | null
  sourceLine: number | null
  bootValue: string | null
  resetValue: string | null
  pendingRestart: boolean
  /** what an enum can be on this very build */
  choices?: string[] | null
}

/** Every line of the configuration files, in reading order (superuser only): tells which line loses. */
export type FileSetting = {
  file: string
  line: number
  name: string
  value: string
  applied: boolean
  error: string | null
}

/** ALTER ROLE/DATABASE ... SET; null role or database means all. Precedence: role+db > role > db > all. */
export type RoleSetting = {role: string | null; database: string | null; name: string; value: string}

export type Role = {
  name: string
  canLogin: boolean
  isSuperuser: boolean
  /** the role that initdb made: always a superuser */
  isBootstrap: boolean
  /** when its password expires; null: never */
  validUntil: number | null
  connectionLimit: number
  /** sessions in all databases, ours not counted; everybody may see it */
  connections: number
}

export type Session = {
  pid: number
  backendType: string
  database: string | null
  user: string | null
  application: string
  clientAddr: string | null
  /** null: not known (a background process) */
  ssl: boolean | null
  state: string | null
  waitEventType: string | null
  waitEvent: string | null
  backendStart: number | null
  xactStart: number | null
  queryStart: number | null
  stateChange: number | null
  /** transactions behind the newest xid that this session's snapshot or own xid holds back; null: none */
  xminAge: number | null
  leaderPid: number | null
  /** redacted */
  query: string
}

/** One cheap look at pg_stat_activity; several are taken during a run. Client backends only, ours excluded. */
export type ActivitySample = {
  at: number
  clients: number
  active: number
  idle: number
  idleInTransaction: number
  /** active and waiting for a heavyweight lock */
  waitingForLock: number
}

export type Activity = {
  /** when the sessions were read; server.now is a --window older. 0: there were none */
  at: number
  /** client backends and the background processes that can hold something back; ours excluded */
  sessions: Session[]
  samples: ActivitySample[]
}

export type BlockedSession = {
  pid: number
  /** 0: a prepared transaction */
  blockedBy: number[]
  /** of the sessions in blockedBy, as far as everybody may see them */
  blockers: {pid: number; user: string | null; application: string}[]
  /** seconds; null before 14, where pg_locks has no waitstart: then the query's start is used */
  waitedFor: number | null
  lockMode: string | null
  /** quoted, schema-qualified, when the lock is on a relation of this database */
  relation: string | null
}

export type Database = {
  name: string
  backends: number
  connectionLimit: number
  allowConnections: boolean
  isTemplate: boolean
  sizeBytes: number | null
  commits: number
  rollbacks: number
  blocksRead: number
  blocksHit: number
  tempFiles: number
  tempBytes: number
  deadlocks: number
  /** null before 14 */
  sessionTimeMs: number | null
  activeTimeMs: number | null
  idleInTransactionTimeMs: number | null
  sessions: number | null
  sessionsAbandoned: number | null
  sessionsFatal: number | null
  sessionsKilled: number | null
  /** transactions since datfrozenxid, multixacts since datminmxid: what is left of two billion stops the server */
  frozenXidAge: number
  multixactAge: number
  /** null: never reset; statistics then reach back to the database's creation or the last crash */
  statsReset: number | null
}

export type Table = {
  oid: number
  schema: string
  name: string
  kind: 'table' | 'partitioned' | 'materialized view'
  persistence: 'permanent' | 'unlogged' | 'temporary'
  isPartition: boolean
  pages: number
  /** reltuples: -1 when never vacuumed or analyzed (14+) */
  rowsEstimate: number
  allVisiblePages: number
  /** heap + indexes + TOAST, from relpages (no size function, which would wait behind DDL locks) */
  bytes: number
  seqScans: number
  seqRowsRead: number
  indexScans: number | null
  indexRowsFetched: number | null
  inserts: number
  updates: number
  deletes: number
  hotUpdates: number
  /** updates whose new version went to another page (16+) */
  newPageUpdates?: number | null
  liveRows: number
  deadRows: number
  modifiedSinceAnalyze: number
  insertedSinceVacuum: number | null
  lastVacuum: number | null
  lastAutovacuum: number | null
  lastAnalyze: number | null
  lastAutoanalyze: number | null
  lastSeqScan: number | null
  lastIndexScan: number | null
  frozenXidAge: number
  multixactAge: number
  options: Record<string, string>
  toastPages: number
}

/** A relation as autovacuum sees it: system catalogs and TOAST too. Triggers follow its own reloptions. */
export type VacuumRelation = {
  oid: number
  /** for TOAST these are its table's */
  schema: string
  name: string
  kind: 'table' | 'toast' | 'partitioned' | 'materialized view'
  isTemporary: boolean
  /** the relation alone, without indexes, from relpages */
  bytes: number
  /** reltuples: -1 when never vacuumed or analyzed (14+) */
  rowsEstimate: number
  liveRows: number
  deadRows: number
  modifiedSinceAnalyze: number
  insertedSinceVacuum: number | null
  /** autovacuum comes above this many dead, inserted, modified rows; null: never for that */
  vacuumTrigger: number
  insertTrigger: number | null
  analyzeTrigger: number | null
  /** false: switched off by a reloption of this relation */
  autovacuum: boolean
  frozenXidAge: number
  multixactAge: number
  /** ages from which autovacuum comes in any case; the lower one of reloption and setting */
  freezeMaxAge: number
  multixactFreezeMaxAge: number
  lastVacuum: number | null
  lastAutovacuum: number | null
  lastAnalyze: number | null
  lastAutoanalyze: number | null
  /** pg_class.reloptions, also those of TOAST */
  options: Record<string, string>
}

export type VacuumRun = {
  pid: number
  /** null: in another database, or hidden from our role */
  oid: number | null
  database: string
  phase: string
  heapBlocks: number
  heapBlocksScanned: number
}

export type Vacuum = {
  /** the worst by each measure, not all */
  relations: VacuumRelation[]
  /** relations that vacuum may have to look at; those with 1000 changed rows that are beyond a trigger now */
  total: number
  due: number
  dueForAnalyze: number
  running: VacuumRun[]
}

export type Index = {
  oid: number
  schema: string
  name: string
  tableOid: number
  table: string
  method: string
  /** key columns' attribute numbers, 0 for an expression */
  keyColumns: number[]
  /** names of the plain key columns, null for an expression */
  keyNames: (string | null)[]
  includedColumns: number[]
  /** per key column */
  opclasses: number[]
  collations: number[]
  /** indoption bits per key column: 1 DESC, 2 NULLS FIRST */
  ordering: number[]
  expressions: string | null
  predicate: string | null
  isUnique: boolean
  nullsNotDistinct: boolean
  /** false: uniqueness is only checked at the end of the statement or transaction (deferrable constraint) */
  isImmediate: boolean
  isPrimary: boolean
  isExclusion: boolean
  isReplicaIdentity: boolean
  isClustered: boolean
  isValid: boolean
  isReady: boolean
  isLive: boolean
  /** an index of a partition attached to a partitioned index, or the partitioned index itself */
  isPartition: boolean
  isPartitioned: boolean
  /** backs a primary key, unique or exclusion constraint, or is the target of a foreign key */
  constraint: string | null
  pages: number
  rowsEstimate: number
  scans: number
  rowsRead: number
  rowsFetched: number
  lastScan: number | null
  /** of `scans`, those of the replicas that were added; null: one of them did not tell */
  replicaScans?: number | null
  options: Record<string, string>
  /** `USING ...`: what CREATE INDEX says behind the table's name; only for those that rules may want to drop */
  definition: string | null
}

/** What ANALYZE knows of the rows of a table, or of the entries of a btree index; the largest ones only. */
export type ColumnStatistics = {
  oid: number
  kind: 'table' | 'index'
  /** false: pg_stats hides some of its columns from this role (no SELECT, or row security) */
  isVisible: boolean
  /** per stored column, in order: average bytes of values that are not NULL, as stored; null: never analyzed */
  widths: (number | null)[]
  nullFractions: (number | null)[]
  /** bytes of the type, negative when they vary */
  lengths: number[]
  /** bytes to whose multiple a value is aligned: 1, 2, 4 or 8 */
  alignments: number[]
  /** it has dropped or virtual columns, which are NULL in new rows */
  hasUnstored: boolean
}

/** A table's heap as pgstattuple_approx() measured it (`check --deep`). */
export type TableSpace = {oid: number; bytes: number; liveBytes: number; deadBytes: number; freeBytes: number}

/** What a failed CREATE or REINDEX INDEX left behind, a build under way, or a partitioned index not complete yet. */
export type InvalidIndex = Pick<
  Index,
  | 'oid'
  | 'schema'
  | 'name'
  | 'tableOid'
  | 'table'
  | 'isUnique'
  | 'isPrimary'
  | 'isExclusion'
  | 'isReady'
  | 'isLive'
  | 'isPartitioned'
  | 'constraint'
  | 'pages'
  | 'definition'
> & {
  /** CREATE INDEX or REINDEX works on it, or on its table, at this moment */
  isBuilding: boolean
}

export type ForeignKey = {
  oid: number
  name: string
  tableOid: number
  schema: string
  table: string
  columns: number[]
  columnNames: string[]
  referencedOid: number
  referencedSchema: string
  referencedTable: string
  referencedColumns: number[]
  referencedColumnNames: string[]
  /** without lengths: `character varying` */
  columnTypes: string[]
  referencedColumnTypes: string[]
  onDelete: string
  onUpdate: string
  isValidated: boolean
  /** the partitioned parent's constraint that it was inherited from */
  parentOid: number | null
}

/** A column that takes its values from a sequence. A partition's copy of it is left out: the parent stands for it. */
export type FedColumn = {
  tableOid: number
  schema: string
  table: string
  column: string
  type: string
  /** rows inserted since the statistics began, partitions included */
  inserts: number
}

export type Sequence = {
  oid: number
  schema: string
  name: string
  dataType: string
  /** false: the role has neither SELECT nor USAGE, so that lastValue is hidden */
  isReadable: boolean
  /** null: not used yet, or hidden */
  lastValue: number | null
  minValue: number
  maxValue: number
  increment: number
  cycles: boolean
  columns: FedColumn[]
}

/** A permanent table (or partitioned parent) without a primary key; neither a partition nor an extension's. */
export type KeylessTable = {
  oid: number
  schema: string
  name: string
  kind: 'table' | 'partitioned'
  /** the following count the partitions in */
  bytes: number
  rows: number
  inserts: number
  /** updates and deletes since the statistics began */
  changes: number
  columnNames: string[]
  /** pg_class.relreplident: d default (the primary key), n nothing, f full, i an index */
  replicaIdentity: string
  /** a publication of logical replication sends its updates or deletes */
  publishesChanges: boolean
  /** a unique index over NOT NULL columns that could back a primary key */
  uniqueIndex: string | null
}

export type UnvalidatedConstraint = {
  schema: string
  table: string
  name: string
  type: 'foreign key' | 'check' | 'not null'
  /** of the table, partitions not counted */
  rows: number
  bytes: number
}

/** A column whose type is worth a question: json, or text that holds UUIDs (by its name or by its values). */
export type QuestionableColumn = {
  tableOid: number
  schema: string
  table: string
  name: string
  type: string
  hasDefault: boolean
  /** bytes; null: never analyzed, or pg_stats is hidden */
  averageWidth: number | null
  /** whether the values in pg_stats look like UUIDs; null: there are none, or they are hidden */
  looksLikeUuid: boolean | null
  /** some index on it has an operator class of its own type, e.g. varchar_pattern_ops */
  hasTypedIndex: boolean
}

export type QuestionableColumns = {
  columns: QuestionableColumn[]
  /** schemas with tables whose values in pg_stats this role may not see */
  hiddenSchemas: string[]
}

export type PartitionedTable = {
  oid: number
  schema: string
  name: string
  strategy: 'range' | 'list' | 'hash'
  /** null for an expression */
  keyColumns: (string | null)[]
  /** direct ones */
  partitions: number
  /** of the direct partitions */
  rows: number
}

export type StatementsInfo = {
  extensionVersion: string
  schema: string
  /** entries now, and pg_stat_statements.max */
  entries: number
  maxEntries: number
  /** entries evicted since statsReset; null before 14 */
  evictions: number | null
  statsReset: number | null
  totalCalls: number
  totalMs: number
}

/** pg_stat_statements without texts; the top of several orders, not all. */
export type Statement = {
  dbid: number
  userid: number
  database: string | null
  user: string | null
  /** bigint as text; null when hidden */
  queryid: string | null
  toplevel: boolean
  calls: number
  totalMs: number
  minMs: number
  maxMs: number
  meanMs: number
  stddevMs: number
  plans: number | null
  planMs: number | null
  rows: number
  sharedHit: number
  sharedRead: number
  sharedDirtied: number
  sharedWritten: number
  tempRead: number
  tempWritten: number
  ioReadMs: number
  ioWriteMs: number
  walBytes: number | null
  statsSince: number | null
}

export type StatementText = {queryid: string /** redacted */; text: string; truncated: boolean}

export type Checkpoints = {
  timed: number
  requested: number
  writeMs: number
  syncMs: number
  buffersWritten: number
  /** pages that backends had to write themselves; null since 17 (see io) */
  backendWrites: number | null
  statsReset: number | null
}

/** One row of pg_stat_io (16+). */
export type IoRow = {
  backendType: string
  object: string
  context: string
  reads: number
  readBytes: number
  readMs: number
  writes: number
  writeBytes: number
  writeMs: number
  extends: number
  hits: number
  evictions: number
  fsyncs: number
}

export type Wal = {
  records: number
  fullPageImages: number
  bytes: number
  buffersFull: number
  /** what wal_compression can be set to in this build; null before 15 */
  compressionMethods: string[] | null
  statsReset: number | null
}

export type Archiver = {
  archived: number
  failed: number
  lastArchived: number | null
  lastFailed: number | null
  lastFailedWal: string | null
  lastArchivedWal: string | null
  /** name of the segment that is written now; null on a standby */
  currentWal: string | null
  statsReset: number | null
}

export type Replica = {
  pid: number
  user: string
  application: string
  clientAddr: string | null
  state: string
  syncState: string
  /** bytes behind the primary's current position */
  sentLag: number | null
  replayLag: number | null
  replayLagSeconds: number | null
  xminAge: number | null
}

/** What a standby knows of itself; null values on a primary. */
export type Standby = {
  receivedBytesAhead: number | null
  /** seconds since the last replayed transaction was committed on the primary; null: none was replayed yet */
  lastReplayedAt: number | null
  isPaused: boolean
  /** false: no WAL receiver runs */
  isStreaming: boolean
  conflicts: StandbyConflicts[]
}

/** Queries cancelled on a standby because of what it had to replay, per database, since its statsReset. */
export type StandbyConflicts = {
  database: string
  tablespace: number
  lock: number
  snapshot: number
  bufferPin: number
  deadlock: number
  /** 16+ */
  logicalSlot: number | null
  statsReset: number | null
}

export type ReplicationSlot = {
  name: string
  plugin: string | null
  slotType: string
  database: string | null
  active: boolean
  temporary: boolean
  retainedBytes: number | null
  xminAge: number | null
  catalogXminAge: number | null
  /** copied from the primary (17+): nobody connects to it here */
  isSynced: boolean
  walStatus: string | null
  safeWalBytes: number | null
  inactiveSince: number | null
  invalidationReason: string | null
}

export type PreparedTransaction = {gid: string; owner: string; database: string; preparedAt: number; xidAge: number}

export type Extension = {name: string; version: string; availableVersion: string | null; schema: string}

/** One line of pg_hba.conf, as the server reads it; in order, the first that fits decides. */
export type HbaRule = {
  file: string
  line: number
  /** local, host, hostssl, hostnossl, hostgssenc, hostnogssenc */
  type: string
  databases: string[]
  users: string[]
  /** an address, a host name, `all`, `samehost`, `samenet`; null for `local` */
  address: string | null
  netmask: string | null
  method: string
  options: string[]
}

/** A schema in which every role may create objects. */
export type OpenSchema = {
  schema: string
  owner: string
  /** roles that own relations in it, at most 20: they may depend on the right */
  owners: string[]
}

/** Statement texts that differ only in generated names and lists, most entries first. */
export type StatementFamily = {
  /** the text that they have in common: names and lists are `?` */
  text: string
  entries: number
  /** no SELECT, INSERT, UPDATE, DELETE or MERGE: kept out by pg_stat_statements.track_utility = off */
  isUtility: boolean
  /** they differ in the length of a list */
  isList: boolean
}

/** Only looked for when pg_stat_statements is nearly full. */
export type StatementFamilies = {
  /** texts that were compared; 0: not nearly full */
  entries: number
  families: StatementFamily[]
}

/** Tables by which an application framework gives itself away, and Django's model names. */
export type Application = {
  markers: {schema: string; table: string}[]
  djangoModels: {app: string; model: string}[]
}

export type Sections = {
  server: Server
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
}
export type SectionName = keyof Sections

/** Two readings of the counters, taken `seconds` apart with `check --window`. */
export type Window = {seconds: number; before: {at: number; databases: Database[]; checkpoints: Checkpoints | null}}

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
}
