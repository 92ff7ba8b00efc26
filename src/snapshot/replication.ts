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
