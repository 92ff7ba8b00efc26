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

export type PreparedTransaction = {gid: string; owner: string; database: string; preparedAt: number; xidAge: number}
