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
  /** the first hundred */
  columnNames?: string[]
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
