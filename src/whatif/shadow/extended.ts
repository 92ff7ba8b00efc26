import {quoteLiteral} from '../../sql/quote.js'
import type {ExtendedStatistics, TargetColumn, TargetTable} from './schema.js'
import type {Step} from './steps.js'

/**
 * No function restores the data of CREATE STATISTICS, but their types are bytea inside: what pg_stats_ext shows as text
 * is written in the server's own layout (mvdistinct.c, dependencies.c). Most common combinations are not carried.
 */
const NDISTINCT_MAGIC = 0xa352bfa4
const DEPENDENCIES_MAGIC = 0xb4549a2c
const TYPE = 1

/** Makes the two types accept bytes. */
export const CASTS = ['pg_ndistinct', 'pg_dependencies']
  .map(type => `CREATE CAST (bytea AS pg_catalog.${type}) WITHOUT FUNCTION`)
  .join('; ')

/** Column numbers are those of the target, which may have gaps of dropped columns. */
export function extendedSteps(tables: TargetTable[]): Step[] {
  return tables.flatMap(table =>
    table.extended.flatMap(statistics =>
      statistics.data.map(data => ({
        label: `data of the statistics ${quoteLiteral(statistics.name)}`,
        sql: [insert(statistics, data, table.columns)],
      })),
    ),
  )
}

function insert(
  {schema, name}: ExtendedStatistics,
  {isInherited, ndistinct, dependencies}: ExtendedStatistics['data'][number],
  columns: TargetColumn[],
): string {
  const position = (number: number) => (number < 0 ? number : columns.findIndex(column => column.number === number) + 1)
  const bytes = (text: string | null, encode: typeof ndistinctBytes, type: string) =>
    text === null ? 'NULL' : `'\\x${encode(text, position).toString('hex')}'::bytea::pg_catalog.${type}`
  return `INSERT INTO pg_catalog.pg_statistic_ext_data (stxoid, stxdinherit, stxdndistinct, stxddependencies)
    SELECT e.oid, ${isInherited}, ${bytes(ndistinct, ndistinctBytes, 'pg_ndistinct')},
      ${bytes(dependencies, dependenciesBytes, 'pg_dependencies')}
    FROM pg_catalog.pg_statistic_ext e JOIN pg_catalog.pg_namespace n ON n.oid = e.stxnamespace
    WHERE n.nspname = ${quoteLiteral(schema)} AND e.stxname = ${quoteLiteral(name)}`
}

type Position = (number: number) => number

/** `{"1, 2": 33}` */
function ndistinctBytes(text: string, position: Position): Buffer {
  const items = Object.entries(JSON.parse(text) as Record<string, number>)
  const bytes = items.map(([columns, count]) => {
    const numbers = columns.split(',').map(Number)
    return Buffer.concat([double(count), int32(numbers.length), ...numbers.map(number => int16(position(number)))])
  })
  return Buffer.concat([...[NDISTINCT_MAGIC, TYPE, items.length].map(int32), ...bytes])
}

/** `{"1, 2 => 3": 0.5}`: what is implied comes last. */
function dependenciesBytes(text: string, position: Position): Buffer {
  const items = Object.entries(JSON.parse(text) as Record<string, number>)
  const bytes = items.map(([columns, degree]) => {
    const numbers = columns.split(/,|=>/).map(Number)
    return Buffer.concat([double(degree), int16(numbers.length), ...numbers.map(number => int16(position(number)))])
  })
  return Buffer.concat([...[DEPENDENCIES_MAGIC, TYPE, items.length].map(int32), ...bytes])
}

function double(value: number): Buffer {
  const buffer = Buffer.alloc(8)
  buffer.writeDoubleLE(value)
  return buffer
}

function int32(value: number): Buffer {
  const buffer = Buffer.alloc(4)
  buffer.writeUInt32LE(value)
  return buffer
}

function int16(value: number): Buffer {
  const buffer = Buffer.alloc(2)
  buffer.writeInt16LE(value)
  return buffer
}
