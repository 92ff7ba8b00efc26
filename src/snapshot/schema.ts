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
