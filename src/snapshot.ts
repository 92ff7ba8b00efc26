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
  /** null when the role may not call pg_control_system() */
  systemIdentifier: string | null
  /** true when the session came over TCP */
  overTcp: boolean
  encoding: string
  /** where pg_stat_statements is created in this database, and its own version, which decides its columns */
  statementsExtension: {schema: string; version: string} | null
  /** SQL-visible facts that tell a managed platform: {platform: 'rds', evidence: 'setting rds.extensions exists'} */
  platformEvidence: {platform: string; evidence: string}[]
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
  options: Record<string, string>
  /** `USING ...`: what CREATE INDEX says behind the table's name; only for those that rules may want to drop */
  definition: string | null
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
  onDelete: string
  onUpdate: string
  isValidated: boolean
  /** the partitioned parent's constraint that it was inherited from */
  parentOid: number | null
}

export type Sequence = {
  schema: string
  name: string
  dataType: string
  /** null: not used yet, or not readable */
  lastValue: number | null
  minValue: number
  maxValue: number
  increment: number
  cycles: boolean
  ownerTable: string | null
  ownerColumn: string | null
  ownerColumnType: string | null
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
  statsReset: number | null
}

export type Archiver = {
  archived: number
  failed: number
  lastArchived: number | null
  lastFailed: number | null
  lastFailedWal: string | null
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
  walStatus: string | null
  safeWalBytes: number | null
  inactiveSince: number | null
  invalidationReason: string | null
}

export type PreparedTransaction = {gid: string; owner: string; database: string; preparedAt: number; xidAge: number}

export type Extension = {name: string; version: string; availableVersion: string | null; schema: string}

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
  indexes: Index[]
  foreignKeys: ForeignKey[]
  sequences: Sequence[]
  checkpoints: Checkpoints
  io: IoRow[]
  wal: Wal
  archiver: Archiver
  replicas: Replica[]
  slots: ReplicationSlot[]
  preparedTransactions: PreparedTransaction[]
  extensions: Extension[]
  application: Application
  statementsInfo: StatementsInfo
  statements: Statement[]
  statementTexts: StatementText[]
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
