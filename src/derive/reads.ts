import type {FixRequest} from '../rule.js'
import type {Section, Statement, StatementText, Table} from '../snapshot.js'
import {tablesOf} from '../sql/parse.js'
import {number} from '../units.js'
import {type Workload, workloadOf} from './statements.js'

export type Reader = {text: string; calls: number; blocksPerCall: number}

/** Half the pages of a table in each call: its statement read the whole table (parallel workers' blocks are counted). */
const WHOLE = 0.5

/**
 * Statements that name the table and touch at least half as many blocks per call as it has; those that touch most
 * come first. Needs the parser. A table behind a view, a function or a partitioned parent is not named.
 */
export function readersOf(
  table: Table,
  database: string,
  statements: Section<Statement[]>,
  texts: Section<StatementText[]>,
): Reader[] {
  if (!statements.ok || !texts.ok) return []
  const names = ({text}: Workload) =>
    (tablesOf(text) ?? []).some(({schema, name}) => name === table.name && (schema ?? table.schema) === table.schema)
  return workloadOf(statements.data, texts.data, database)
    .map(statement => ({...statement, blocks: statement.sharedHit + statement.sharedRead}))
    .filter(({blocks, calls}) => calls > 0 && blocks / calls >= table.pages * WHOLE)
    .filter(names)
    .sort((a, b) => b.blocks - a.blocks)
    .map(({text, calls, blocks}) => ({text, calls, blocksPerCall: blocks / calls}))
}

/** What to do about a table that is always read as a whole: no index is proposed, the statements are named. */
export function findCondition(name: string, readers: Reader[], advised?: string): FixRequest {
  const named = readers.slice(0, 5).map(({text, calls, blocksPerCall}) => {
    const line = text.replace(/\s+/g, ' ').trim()
    const short = line.length > 300 ? `${line.slice(0, 300)} ...` : line
    return `${number(calls)} calls, ${number(Math.round(blocksPerCall))} blocks each: ${short}`
  })
  const unnamed = `No statement in pg_stat_statements names ${name} and reads that much: look at views and functions on it`
  return {
    kind: 'action',
    title: `Find the condition that has no index on ${name}`,
    steps: [
      ...(advised ? [`indexes/missing has planned one that pays: ${advised}; its fix is there`] : []),
      ...(named.length > 0 ? named : [unnamed]),
      'Look at its plan with EXPLAIN (ANALYZE, BUFFERS) and real values: "Seq Scan" with many "Rows Removed by Filter" wants an index on the columns of that filter',
      'Create it with CREATE INDEX CONCURRENTLY, equality columns first; ahsp-db indexes says which one pays, and by how much',
    ],
  }
}
