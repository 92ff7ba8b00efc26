import type {Evidence, FixRequest} from '../rule.js'
import type {Index, Table} from '../snapshot.js'
import {qualified, quoteIdent} from '../sql/quote.js'
import {number} from '../units.js'
import {createIndex} from './indexes.js'
import type {Causes} from './regression-causes.js'

export const reasonOf = ({goneIndexes, grown, settings}: Causes): string =>
  goneIndexes.length > 0
    ? `An index of its tables is gone since the baseline: ${goneIndexes.map(({name}) => quoteIdent(name)).join(', ')}.`
    : grown.length + settings.length > 0
      ? 'What changed since the baseline is listed below.'
      : 'No index, setting or size that was seen explains it.'

export const differences = ({goneIndexes, grown, settings}: Causes): Evidence[] => [
  ...goneIndexes.map(({schema, name}) => ({
    label: 'index that is gone',
    value: qualified(schema, name),
    source: 'the baseline',
  })),
  ...grown.map(({table, before}) => ({
    label: `rows of ${qualified(table.schema, table.name)}`,
    value: `${number(before)} -> ${number(table.rowsEstimate)}`,
    source: 'pg_class.reltuples',
  })),
  ...settings.map(({name, before, now}) => ({label: name, value: `${before} -> ${now}`, source: 'pg_settings'})),
]

/** The indexes that are gone, where a column list says all about them; then the plan. */
export function adviceFor({goneIndexes, tables}: Causes, taken: (schema: string) => Set<string>): FixRequest[] {
  return [...goneIndexes.filter(isPlain).flatMap(index => again(index, tables, taken)), LOOK]
}

const isPlain = ({method, keyNames, predicate, includedColumns, isPartition, ordering}: Index): boolean =>
  method === 'btree' &&
  keyNames.every(name => name !== null) &&
  predicate === null &&
  includedColumns.length === 0 &&
  !isPartition &&
  ordering.every(bits => bits === 0)

function again(index: Index, tables: Table[], taken: (schema: string) => Set<string>): FixRequest[] {
  const table = tables.find(({oid, kind}) => oid === index.tableOid && kind === 'table')
  const columns = index.keyNames.filter(name => name !== null)
  return table ? [createIndex({table, partitions: [], columns, taken})] : []
}

const LOOK: FixRequest = {
  kind: 'action',
  title: 'Look at its plan, and compare again',
  steps: [
    'EXPLAIN (ANALYZE, BUFFERS) it with values from the log: a Seq Scan of a large table, or a wrong number of rows?',
    'ANALYZE its tables when they changed much; put settings back that differ.',
    'After the repair: SELECT pg_stat_statements_reset(), usual load, then the same comparison.',
  ],
}
