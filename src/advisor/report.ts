import type {Framework} from '../rule.js'
import type {Snapshot} from '../snapshot.js'
import {hasInvisible, qualified, quoteIdent, quoteLiteral} from '../sql/quote.js'
import type {IndexDefinition, PlanNode} from '../whatif/planner.js'
import type {TargetSchema} from '../whatif/shadow/schema.js'
import type {Advice, Recommendation, Refusal, Served} from './advice.js'
import {definitionSql} from './definition.js'
import {type CodeLines, frameworkLines} from './framework-lines.js'
import type {LongerIndex} from './longer.js'
import {indexNames} from './names.js'

export type ServedStatement = {
  id: string
  text: string
  calls: number
  /** percent of the workload's cost before */
  share: number
  /** the planner's cost of one call */
  before: number
  after: number
  /** null: not asked for */
  plans: {before: PlanNode; after: PlanNode} | null
}

export type IndexAdvice = {
  name: string
  table: string
  definition: string
  bytes: number
  gainPercent: number
  /** percent of the workload's cost */
  writePercent: number
  /** percent of the table's updates that are not HOT any more */
  notHotPercent: number
  serves: ServedStatement[]
  create: string[]
  undo: string[]
  verify: string[]
  lock: string
  replaces: {name: string; bytes: number; drop: string; undo: string | null}[]
  code: CodeLines | null
}

export type IndexesReport = {
  format: 'ahsp-db/indexes'
  version: 1
  tool: string
  target: Snapshot['target']
  headline: string
  planner: string
  /** weighted cost, by the planner's units */
  before: number
  after: number
  statements: number
  candidates: number
  budget: number
  bytes: number
  recommendations: IndexAdvice[]
  closest: {definitions: string[]; text: string; calls: number; before: number; after: number; reason: string} | null
  /** longer indexes in the place of those that serve: people add them, and they bring little */
  longer: {definition: string; served: string; text: string; calls: number; before: number; after: number}[]
  unplannable: {id: string; text: string; calls: number; reason: string}[]
  notes: string[]
}

type Origin = {
  snapshot: Snapshot
  schema: TargetSchema
  framework: Framework | null
  planner: string
  notes: string[]
  longer?: LongerIndex[]
}

/** What was advised, with the lines to type. Pure. */
export function indexesReport(
  advice: Advice,
  {snapshot, schema, framework, planner, notes, longer = []}: Origin,
): IndexesReport {
  const nameFor = indexNames(schema, framework)
  // The plans know the candidates by the planner's names.
  const names = new Map(advice.recommendations.map(({index}) => [index.name, nameFor(index.definition)]))
  const recommendations = advice.recommendations.map(each => adviceOf(each, advice, schema, framework, names))
  const {before, after, statements, candidates, budget, bytes, unplannable} = advice
  const {tool, target} = snapshot
  return {
    ...{format: 'ahsp-db/indexes', version: 1, tool, target, headline: headlineOf(advice), planner},
    ...{before, after, statements, candidates, budget, bytes, recommendations},
    closest: advice.closest && closestOf(advice.closest),
    longer: longer.map(longerOf),
    unplannable: unplannable.map(({statement: {id, sql, calls}, reason}) => ({id, text: sql, calls, reason})),
    notes: [...notes, ...guessesIn(advice)],
  }
}

/** A statement whose text hides the name of a field: the statistics tell which one it most likely is. */
const guessesIn = ({recommendations}: Advice): string[] =>
  recommendations.flatMap(({index: {definition}, serves}) => {
    const field = definition.keys.map(({sql}) => / ->>? ('(?:[^']|'')*')/.exec(sql)?.[1]).find(Boolean)
    const isHidden = serves.some(({statement}) => /->>?\s*\$\d/.test(statement.sql))
    const where = qualified(definition.schema, definition.table)
    return field && isHidden ? [`${where}: the statement hides the name of its field; ${field} is taken for it`] : []
  })

function headlineOf({recommendations, statements, before, after, candidates}: Advice): string {
  const asked = `${statements} statements, ${candidates} candidates planned`
  if (statements === 0) return 'CANNOT ADVISE: none of the statements can be planned'
  if (recommendations.length === 0) return `NO INDEX PAYS: ${asked}`
  const many = recommendations.length === 1 ? 'one index' : `${recommendations.length} indexes`
  const percent = before > 0 ? Math.round((1 - after / before) * 100) : 0
  return `${many.toUpperCase()} WOULD PAY: the workload's cost falls by ${percent} % (${asked})`
}

const closestOf = ({indexes, statement, before, after, reason}: Refusal) => ({
  definitions: indexes.map(({definition}) => definitionSql(definition)),
  text: statement.sql,
  calls: statement.calls,
  before,
  after,
  reason,
})

const longerOf = ({definition, served, statement, before, after}: LongerIndex) => ({
  ...{definition: definitionSql(definition), served, text: statement.sql, calls: statement.calls, before, after},
})

function adviceOf(
  {index, serves, gainPercent, writeCost, notHotPercent, replaces}: Recommendation,
  {before}: Advice,
  schema: TargetSchema,
  framework: Framework | null,
  names: ReadonlyMap<string, string>,
): IndexAdvice {
  const {definition, bytes} = index
  const name = names.get(index.name)!
  const target = schema.tables.find(each => each.schema === definition.schema && each.name === definition.table)
  const isPartitioned = target?.kind === 'p'
  const concurrently = isPartitioned ? '' : 'CONCURRENTLY '
  const whole = qualified(definition.schema, name)
  return {
    name: whole,
    table: qualified(definition.schema, definition.table),
    definition: definitionSql(definition),
    bytes,
    gainPercent,
    writePercent: before > 0 ? (writeCost / before) * 100 : 0,
    notHotPercent,
    serves: serves.map(each => servedOf(each, before, names)),
    create: [
      `CREATE INDEX ${concurrently}${quoteIdent(name)} ON ${definitionSql(definition)};`,
      ...analyzeAfter(definition),
    ],
    undo: [`DROP INDEX ${concurrently}${whole};`],
    verify: [
      `SELECT indisvalid AND indisready AS "is usable" FROM pg_catalog.pg_index WHERE indexrelid = ${quoteLiteral(whole)}::regclass;`,
    ],
    lock: isPartitioned ? PARTITIONED : CONCURRENT,
    replaces: replaces.map(({name: old, bytes: size}) => ({
      name: qualified(definition.schema, old),
      bytes: size,
      drop: `DROP INDEX CONCURRENTLY ${qualified(definition.schema, old)};`,
      undo: undoOf(target?.indexes.find(each => each.name === old)?.sql),
    })),
    code: frameworkLines(framework, name, definition),
  }
}

/** The statistics of an expression exist from the first ANALYZE on; until then the planner guesses. */
const analyzeAfter = ({schema, table, keys}: IndexDefinition) =>
  keys.every(({sql}) => sql.startsWith('"')) ? [] : [`ANALYZE ${qualified(schema, table)};`]

const CONCURRENT =
  'SHARE UPDATE EXCLUSIVE: reads and writes go on; it waits for transactions that began before it, outside a transaction'
const PARTITIONED = 'SHARE: writes to the table and its partitions wait until it is built'

const undoOf = (sql: string | null | undefined) =>
  sql && !hasInvisible(sql) ? `${sql.replace(/^CREATE INDEX /, 'CREATE INDEX CONCURRENTLY ')};` : null

type Names = ReadonlyMap<string, string>

function servedOf({statement, before, after, plans}: Served, whole: number, names: Names): ServedStatement {
  const share = whole > 0 ? (before * statement.calls * 100) / whole : 0
  const {id, sql, calls} = statement
  const shown = plans ? {before: renamed(plans.before, names), after: renamed(plans.after, names)} : null
  return {id, text: sql, calls, share, before, after, plans: shown}
}

function renamed(node: PlanNode, names: Names): PlanNode {
  const index = node['Index Name']
  const name = index === undefined ? undefined : (names.get(index) ?? index)
  return {
    ...node,
    ...(name === undefined ? {} : {'Index Name': name}),
    ...(node.Plans ? {Plans: node.Plans.map(child => renamed(child, names))} : {}),
  }
}
