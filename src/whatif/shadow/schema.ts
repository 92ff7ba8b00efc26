/**
 * What the planner of a database knows, as plain JSON: the definitions of its objects as SQL, and its statistics. The
 * statistics hold sample values of the users' data: such a value stays in memory unless the user asks otherwise.
 */
export type TargetSchema = {
  versionNum: number
  locale: DatabaseLocale
  /** the planner's settings for this role and database, in the units of pg_settings.setting */
  settings: Record<string, string>
  extensions: {name: string; schema: string}[]
  schemas: string[]
  collations: Collation[]
  types: NamedObject[]
  functions: (NamedObject & {/** its own definition; null: only a stub is possible */ definition: string | null})[]
  tables: TargetTable[]
  /** the views' columns and definitions, in the order of their creation */
  views: NamedObject[]
  /** what was left out already while reading, for people */
  notes: string[]
}

/** PostgreSQL's names: provider `c` libc, `i` ICU, `b` built in, `d` the database's own. */
export type DatabaseLocale = {provider: string; collate: string; locale: string | null}

export type Collation = DatabaseLocale & {schema: string; name: string; isDeterministic: boolean}

/** `sql` creates it. */
export type NamedObject = {schema: string; name: string; sql: string}

export type TargetTable = {
  schema: string
  name: string
  /** an ordinary table, a partitioned one, a materialized view (which is planned as a table) */
  kind: 'r' | 'p' | 'm'
  /** null when it is heap, or has no storage */
  accessMethod: string | null
  columns: TargetColumn[]
  /** PARTITION BY ..., of a partitioned table */
  partitionKey: string | null
  /** tables it inherits from; `bound` (FOR VALUES ...) when it is a partition */
  parents: {schema: string; name: string; bound: string | null}[]
  /** storage parameters that the planner reads */
  options: string[]
  statistics: RelationStatistics
  constraints: TargetConstraint[]
  indexes: TargetIndex[]
  extended: ExtendedStatistics[]
}

/** CREATE STATISTICS, and what it gathered, as pg_stats_ext shows it. */
export type ExtendedStatistics = {
  schema: string
  name: string
  sql: string
  data: {isInherited: boolean; ndistinct: string | null; dependencies: string | null}[]
}

export type TargetColumn = {
  name: string
  /** of the column, as the texts of extended statistics name it */
  number: number
  /** with its modifier, qualified where it is not PostgreSQL's own */
  type: string
  isNotNull: boolean
  /** null: that of the type */
  collation: {schema: string; name: string} | null
  /** of a virtual generated column: it is expanded while planning */
  virtual: string | null
}

export type TargetConstraint = {
  name: string
  kind: 'primary' | 'unique' | 'foreign' | 'check' | 'exclusion'
  /** as pg_get_constraintdef says it */
  definition: string
}

export type TargetIndex = {
  name: string
  method: string
  /** CREATE INDEX; null when a constraint makes it */
  sql: string | null
  statistics: RelationStatistics
}

export type RelationStatistics = {
  /** pages of 8 kB in the file now; 0 when it has none */
  pages: number
  /** as the last VACUUM or ANALYZE left them; -1 tuples: there was none */
  relpages: number
  reltuples: number
  relallvisible: number
  columns: ColumnStatisticsText[]
}

/** A row of pg_stats; values and arrays in PostgreSQL's text form. */
export type ColumnStatisticsText = {name: string; isInherited: boolean} & Partial<Record<StatisticName, string>>

/** The statistics of pg_stats that pg_restore_attribute_stats takes, with the types it takes them in. */
export const STATISTIC_TYPES = {
  null_frac: 'real',
  avg_width: 'integer',
  n_distinct: 'real',
  most_common_vals: 'text',
  most_common_freqs: 'real[]',
  histogram_bounds: 'text',
  correlation: 'real',
  most_common_elems: 'text',
  most_common_elem_freqs: 'real[]',
  elem_count_histogram: 'real[]',
  range_length_histogram: 'text',
  range_empty_frac: 'real',
  range_bounds_histogram: 'text',
} as const

export type StatisticName = keyof typeof STATISTIC_TYPES
