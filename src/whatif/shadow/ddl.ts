import {qualified, quoteIdent, quoteLiteral} from '../../sql/quote.js'
import {
  type RelationStatistics,
  STATISTIC_TYPES,
  type StatisticName,
  type TargetColumn,
  type TargetSchema,
  type TargetTable,
} from './schema.js'
import type {Step} from './steps.js'

/** Extensions that bring nothing a plan needs, or that reach out of the server. */
const WITHOUT =
  /^(plpgsql|plpython.*|plperl.*|pltcl.*|pg_stat_.*|hypopg|dblink|.*_fdw|pg_cron|pg_buffercache|adminpack)$/

export type TableStep = Step & {table: TargetTable}

export const keyOf = ({schema, name}: {schema: string; name: string}) => qualified(schema, name)

export const schemaSteps = ({schemas}: TargetSchema): Step[] =>
  schemas.map(name => ({label: `schema ${quoteIdent(name)}`, sql: [`CREATE SCHEMA IF NOT EXISTS ${quoteIdent(name)}`]}))

export const extensionSteps = ({extensions}: TargetSchema): Step[] =>
  extensions
    .filter(({name}) => !WITHOUT.test(name))
    .map(({name, schema}) => ({
      label: `extension ${quoteIdent(name)}`,
      sql: [`CREATE EXTENSION IF NOT EXISTS ${quoteIdent(name)} SCHEMA ${quoteIdent(schema)}`],
    }))

/** Types, functions and tables may each need any other. */
export const typeSteps = ({types}: TargetSchema): Step[] =>
  types.map(type => ({label: `type ${keyOf(type)}`, sql: [type.sql]}))

export const functionSteps = ({functions}: TargetSchema): Step[] =>
  functions.map(({schema, name, sql, definition}) => ({
    label: `function ${qualified(schema, name)}`,
    sql: definition === null ? [sql] : [definition, sql],
  }))

export const tableSteps = ({tables}: TargetSchema): TableStep[] =>
  tables.map(table => ({label: `table ${keyOf(table)}`, sql: [createTable(table)], table}))

function createTable(table: TargetTable): string {
  const {columns, partitionKey, options} = table
  const kept = options.filter(option => /^(fillfactor|parallel_workers)=\d+$/.test(option))
  const storage = kept.length > 0 ? ` WITH (${kept.join(', ')})` : ''
  const partitioned = partitionKey === null ? '' : ` PARTITION BY ${partitionKey}`
  return `CREATE TABLE ${keyOf(table)} (${columns.map(columnSql).join(', ')})${partitioned}${storage}`
}

function columnSql({name, type, isNotNull, collation, virtual}: TargetColumn): string {
  const collated = collation ? ` COLLATE ${keyOf(collation)}` : ''
  const generated = virtual === null ? '' : ` GENERATED ALWAYS AS (${virtual}) VIRTUAL`
  return `${quoteIdent(name)} ${type}${collated}${generated}${isNotNull ? ' NOT NULL' : ''}`
}

const constraintSteps = (table: TargetTable, kinds: string[]): TableStep[] =>
  table.constraints
    .filter(({kind}) => kinds.includes(kind))
    .map(({name, definition}) => ({
      label: `constraint ${quoteIdent(name)} of ${keyOf(table)}`,
      sql: [`ALTER TABLE ${keyOf(table)} ADD CONSTRAINT ${quoteIdent(name)} ${definition}`],
      table,
    }))

/** Before the tables are attached to their parents, which demand the same of them. */
export const checkSteps = (tables: TargetTable[]) => tables.flatMap(table => constraintSteps(table, ['check']))

export const attachSteps = (tables: TargetTable[]): TableStep[] =>
  tables.flatMap(table =>
    table.parents.map(parent => ({
      label: `${keyOf(table)} as a part of ${keyOf(parent)}`,
      sql: [
        parent.bound === null
          ? `ALTER TABLE ${keyOf(table)} INHERIT ${keyOf(parent)}`
          : `ALTER TABLE ${keyOf(parent)} ATTACH PARTITION ${keyOf(table)} ${parent.bound}`,
      ],
      table,
    })),
  )

/** Partitions first: the index of a partitioned table takes those of its partitions along, under their names. */
export function indexSteps(tables: TargetTable[]): TableStep[] {
  return deepestFirst(tables).flatMap(table => [
    ...constraintSteps(table, ['primary', 'unique', 'exclusion']),
    ...table.indexes
      .filter(({sql}) => sql !== null)
      .map(({name, sql}) => ({label: `index ${qualified(table.schema, name)}`, sql: [sql!], table})),
  ])
}

export const lateSteps = (tables: TargetTable[]): TableStep[] => [
  ...tables.flatMap(table => constraintSteps(table, ['foreign'])),
  ...tables.flatMap(table =>
    table.extended.map(({schema, name, sql}) => ({label: `statistics ${qualified(schema, name)}`, sql: [sql], table})),
  ),
]

function deepestFirst(tables: TargetTable[]): TargetTable[] {
  const byName = new Map(tables.map(table => [keyOf(table), table]))
  const depths = new Map<TargetTable, number>()
  const depth = (table: TargetTable): number => {
    const known = depths.get(table)
    if (known !== undefined) return known
    const above = table.parents.flatMap(parent => byName.get(keyOf(parent)) ?? [])
    const own = above.length === 0 ? 0 : 1 + Math.max(...above.map(depth))
    depths.set(table, own)
    return own
  }
  return [...tables].sort((a, b) => depth(b) - depth(a))
}

export const viewSteps = ({views}: TargetSchema): Step[] =>
  views.map(view => ({label: `view ${keyOf(view)}`, sql: [view.sql]}))

/** The statistics of tables and of indexes on expressions. */
export const statisticsSteps = (tables: TargetTable[]): TableStep[] =>
  tables.flatMap(table =>
    [table, ...table.indexes.map(index => ({...index, schema: table.schema}))]
      .filter(({statistics}) => statistics.columns.length > 0)
      .map(relation => ({
        label: `statistics of ${keyOf(relation)}`,
        sql: [columnStatistics(relation)],
        isQuery: true,
        table,
      })),
  )

type Described = {schema: string; name: string; statistics: RelationStatistics}

const named = ({schema, name}: {schema: string; name: string}) =>
  `'schemaname', ${quoteLiteral(schema)}, 'relname', ${quoteLiteral(name)}`

function columnStatistics(relation: Described): string {
  const calls = relation.statistics.columns.map(({name, isInherited, ...values}) => {
    const pairs = Object.entries(values).map(
      ([key, value]) => `'${key}', ${quoteLiteral(value)}::${STATISTIC_TYPES[key as StatisticName]}`,
    )
    const column = `'attname', ${quoteLiteral(name)}, 'inherited', ${isInherited}`
    return `pg_catalog.pg_restore_attribute_stats(${named(relation)}, ${column}, ${pairs.join(', ')})::int`
  })
  return `SELECT ${calls.join(' + ')} = ${calls.length}`
}

/** Counts as the last VACUUM or ANALYZE left them, also those that CREATE INDEX has overwritten. */
export function relationStatistics(relation: Described): string {
  const {relpages, reltuples, relallvisible} = relation.statistics
  const counts = `'relpages', ${relpages}::integer, 'reltuples', ${reltuples}::real, 'relallvisible', ${relallvisible}::integer`
  return `SELECT pg_catalog.pg_restore_relation_stats(${named(relation)}, ${counts})`
}
