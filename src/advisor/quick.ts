import {hasPlan, isWrite} from '../derive/statement-text.js'
import type {IndexAdvice, Snapshot, Statement, Table} from '../snapshot.js'
import {loadParser, type TableName, tablesOf} from '../sql/parse.js'
import type {Planner} from '../whatif/planner.js'
import type {TargetSchema} from '../whatif/shadow/schema.js'
import type {Recommendation} from './advice.js'
import type {WorkloadStatement} from './costs.js'
import {workloadOf} from './workload.js'

/**
 * Worth costing are the first statements by time of those that take this share of all time, read so many pages in each
 * call, and name a table of so many pages that was read as a whole.
 */
const TOP = 15
const MIN_SHARE = 0.01
const MIN_PAGES_PER_CALL = 20
const MIN_PAGES = 20
const MIN_CALLS = 2
/** Writes of the same tables, for what an index costs them. */
const MAX_WRITES = 15
/** What there is time for in two seconds. */
const LIMITS = {candidates: 80, maximum: 5}
/** Of all tables, not only of those that are looked at; and what is too little to be asked about. */
const BUDGET_SHARE = 0.25
const MIN_BUDGET = 16 * 2 ** 20
const PAGE = 8192

export type QuickWorkload = {
  /** empty: nothing is worth it */
  statements: WorkloadStatement[]
  /** all that they name */
  tables: TableName[]
}

/** What is costed in a check. Loads the parser where the counters alone do not rule all out. */
export async function quickWorkload(snapshot: Snapshot): Promise<QuickWorkload> {
  const {statementTexts, tables} = snapshot.sections
  const nothing = {statements: [], tables: []}
  const heavy = heavyStatements(snapshot.sections)
  if (heavy.size === 0 || !tables.ok || !statementTexts.ok) return nothing
  const scanned = tables.data.filter(isLargeAndScanned)
  await loadParser()
  const isWorth = ({id, sql}: {id: string; sql: string}) =>
    heavy.has(id) && hasPlan(sql) && namesOf(sql).some(name => isScanned(name, tables.data, scanned))
  // Cheaper than reading the whole workload.
  if (!statementTexts.data.some(({queryid, text}) => isWorth({id: queryid, sql: text}))) return nothing
  const all = workloadOf(snapshot)?.statements ?? []
  const worth = all
    .filter(isWorth)
    .sort((a, b) => (b.totalMs ?? 0) - (a.totalMs ?? 0))
    .slice(0, TOP)
  const read = new Set(worth.flatMap(({sql}) => namesOf(sql)).map(({name}) => name))
  const writes = all
    .filter(each => isWrite(each.sql) && !worth.includes(each))
    .filter(({sql}) => namesOf(sql).some(({name}) => read.has(name)))
    .sort((a, b) => (b.rows ?? 0) - (a.rows ?? 0))
    .slice(0, MAX_WRITES)
  const chosen = worth.length > 0 ? [...worth, ...writes] : []
  return {statements: chosen, tables: distinct(chosen.flatMap(({sql}) => namesOf(sql)))}
}

const namesOf = (sql: string) => tablesOf(sql) ?? []

const isLargeAndScanned = ({pages, seqScans}: Table) => pages >= MIN_PAGES && seqScans > 0

/** By the counters alone: identifiers of statements that clients sent to this database. */
export function heavyStatements({server, statements, tables}: Snapshot['sections']): Set<string> {
  if (!server.ok || !statements.ok || !tables.ok || !tables.data.some(isLargeAndScanned)) return new Set()
  return heavyIds(statements.data, server.data.database)
}

function heavyIds(statements: readonly Statement[], database: string): Set<string> {
  const sums = new Map<string, {pages: number; calls: number; ms: number}>()
  let whole = 0
  for (const {queryid, toplevel, database: where, sharedHit, sharedRead, calls, totalMs} of statements) {
    if (queryid === null || !toplevel || where !== database) continue
    const sum = sums.get(queryid) ?? {pages: 0, calls: 0, ms: 0}
    sums.set(queryid, {pages: sum.pages + sharedHit + sharedRead, calls: sum.calls + calls, ms: sum.ms + totalMs})
    whole += totalMs
  }
  const isHeavy = ({pages, calls, ms}: {pages: number; calls: number; ms: number}) =>
    calls >= MIN_CALLS && pages >= MIN_PAGES_PER_CALL * calls && ms >= MIN_SHARE * whole
  return new Set([...sums].filter(([, sum]) => isHeavy(sum)).map(([id]) => id))
}

/** The scans of a partitioned table are its partitions', which statements do not name. */
function isScanned({schema, name}: TableName, tables: readonly Table[], scanned: readonly Table[]): boolean {
  const isNamed = (table: Table) => table.name === name && (schema === null || table.schema === schema)
  const isParent = tables.some(table => table.kind === 'partitioned' && isNamed(table))
  return scanned.some(table => isNamed(table) || (isParent && table.isPartition))
}

function distinct(names: readonly TableName[]): TableName[] {
  return [...new Map(names.map(each => [JSON.stringify([each.schema, each.name]), each])).values()]
}

/** Costs candidates for these statements alone. The parser is loaded. */
export async function adviseQuickly(
  planner: Planner,
  schema: TargetSchema,
  {statements}: QuickWorkload,
  snapshot: Snapshot,
): Promise<IndexAdvice> {
  const {advise} = await import('./advise.js')
  const {catalogOf} = await import('./catalog-of.js')
  const {definitionSql} = await import('./definition.js')
  const {indexesReport} = await import('./report.js')
  const {detectFramework} = await import('../fix/framework.js')
  const advice = await advise(planner, catalogOf(schema), statements, {...LIMITS, budget: budgetOf(snapshot)})
  const framework = detectFramework(snapshot.sections.application)
  const disabled = planner.disabled.map(({table, reason}) => `${table} is not planned: ${reason}`)
  const notes = [...schema.notes, ...disabled]
  const report = indexesReport(advice, {snapshot, schema, framework, planner: planner.kind, notes})
  const {before, after, candidates, closest} = advice
  return {
    ...{statements: advice.statements, candidates, before, after, notes},
    recommended: advice.recommendations.flatMap((each, at) => {
      if (isUpgrade(each)) return []
      const {serves: _, table: _table, definition: text, ...lines} = report.recommendations[at]!
      return [{...lines, text, definition: each.index.definition, serves: servedBy(each)}]
    }),
    closest: closest && {
      definitions: closest.indexes.map(({definition}) => definitionSql(definition)),
      queryid: closest.statement.id,
      before: closest.before,
      after: closest.after,
      reason: closest.reason,
    },
  }
}

/** An existing index with columns added: it spares visits to the table, and nothing is missing. */
const isUpgrade = ({index: {definition}, replaces}: Recommendation) =>
  definition.include.length > 0 && replaces.some(({keys}) => keys.length === definition.keys.length)

function budgetOf({sections: {tables}}: Snapshot): number {
  const pages = tables.ok ? tables.data.reduce((sum, table) => sum + table.pages, 0) : 0
  return Math.max(MIN_BUDGET, BUDGET_SHARE * pages * PAGE)
}

const servedBy = ({serves}: Recommendation) =>
  serves.map(({statement: {id, calls}, before, after}) => ({queryid: id, calls, before, after}))
