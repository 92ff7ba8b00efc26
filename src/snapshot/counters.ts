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
