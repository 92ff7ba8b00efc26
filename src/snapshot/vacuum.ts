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
