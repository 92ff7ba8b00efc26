import {quoteIdent, quoteLiteral} from '../../sql/quote.js'
import type {ShadowIndex, ShadowIndexColumn} from './relations.js'
import type {ColumnStatisticsText} from './schema.js'

/** Of texts, these keep about as many apart as the column has: `lower(name)`, `upper((code)::text)`. */
const KEEPS = /^(?:lower|upper|btrim|ltrim|rtrim)\(\(?("(?:[^"]|"")+"|\w+)\)?(?:::text)?\)$/

/**
 * The first ANALYZE after CREATE INDEX gathers statistics of its expressions. What they will be is known where the
 * expression keeps the values of one column apart: number, width and nulls are that column's. Returns the index with
 * them, and the statements that tell the server.
 */
export function withExpressions(
  index: ShadowIndex,
  statistics: readonly ColumnStatisticsText[],
): {index: ShadowIndex; sql: string[]} {
  const sql: string[] = []
  const columns = index.columns.map((column): ShadowIndexColumn => {
    const source = column.distinct === null && statisticsOf(column.expression, statistics)
    if (!source) return column
    const {null_frac, avg_width, n_distinct} = source
    sql.push(
      `SELECT pg_catalog.pg_restore_attribute_stats('schemaname', ${quoteLiteral(index.schema)},
        'relname', ${quoteLiteral(index.name)}, 'attname', ${quoteLiteral(column.name)}, 'inherited', false,
        'null_frac', ${quoteLiteral(null_frac ?? '0')}::real, 'avg_width', ${quoteLiteral(avg_width ?? '0')}::integer,
        'n_distinct', ${quoteLiteral(n_distinct ?? '0')}::real)`,
    )
    return {...column, width: Number(avg_width), distinct: Number(n_distinct)}
  })
  return {index: {...index, columns}, sql}
}

function statisticsOf(expression: string | null, statistics: readonly ColumnStatisticsText[]) {
  const name = expression && KEEPS.exec(expression)?.[1]
  return name && statistics.find(column => column.name === name || quoteIdent(column.name) === name)
}
