import type {Catalog} from '../advisor/catalog.js'
import type {Question} from '../advisor/costs.js'
import {usageError} from '../errors.js'
import {baseValue} from '../fix/values.js'
import type {Snapshot} from '../snapshot.js'
import {qualified} from '../sql/quote.js'
import type {AskedDrop, AskedIndex, AskedSetting} from '../whatif/asked.js'
import type {Change, Changed} from '../whatif/comparison.js'
import {PlanError, type Planner, type PreparedIndex} from '../whatif/planner.js'
import type {AskedChanges, WhatifReport} from '../whatif/report.js'
import type {TargetSchema} from '../whatif/shadow/schema.js'
import type {Memory} from '../whatif/shape.js'
import {hideLiterals} from './hide-literals.js'
import {type Planning, type PlanningRequest, withPlanning} from './planning.js'

export type WhatifRequest = PlanningRequest & {
  /** name=value */
  set: string[]
  /** CREATE INDEX statements */
  index: string[]
  /** names of existing indexes */
  drop: string[]
  plans: boolean
}

const PAGE = 8192

/** Plans the workload as things are and with the change. Throws CliError for a change that cannot be planned. */
export async function whatif(snapshot: Snapshot, request: WhatifRequest): Promise<WhatifReport> {
  if (request.set.length + request.index.length + request.drop.length === 0) {
    throw usageError('what if what?', 'give --set name=value, --index "CREATE INDEX ..." or --drop-index NAME')
  }
  return withPlanning(snapshot, request, async planning => {
    const asked = await askedOf(snapshot, request, planning)
    const {catalog, workload, schema} = planning
    const {planner, notes} = await planning.open()
    const prepared = await prepare(planner, asked.indexes)
    const change = changeOf(asked, prepared, schema)
    await refuseBad(planner, asked.settings, change)
    const {costBefore, readStatements} = await import('../advisor/questions.js')
    const {costsOf} = await import('../advisor/costs.js')
    const {compare} = await import('../whatif/comparison.js')
    const {whatifReport} = await import('../whatif/report.js')
    const {questions, unplannable} = readStatements(workload.statements, catalog)
    // Of the ways to read a statement's parameters it finds the one that the server takes.
    const readable = await costBefore(questions, costsOf(planner))
    const comparison = await compare(planner, readable.planned, change)
    comparison.unplannable.unshift(...unplannable, ...readable.unplannable)
    const changes = await changesOf(asked, prepared, {planning, questions, before: comparison.before})
    await rename(comparison.changed, prepared, changes)
    const report = whatifReport(comparison, {
      snapshot,
      planner: planner.kind,
      asked: changes,
      notes: [...notesOf(asked), ...notes],
      withPlans: request.plans,
    })
    return request.log ? hideLiterals(report) : report
  })
}

type Asked = {settings: AskedSetting[]; indexes: AskedIndex[]; drops: AskedDrop[]}

async function askedOf(snapshot: Snapshot, request: WhatifRequest, {schema, catalog}: Planning): Promise<Asked> {
  const {askedDrop, askedIndex, askedSettings} = await import('../whatif/asked.js')
  const {settings} = snapshot.sections
  return {
    settings: askedSettings(request.set, schema, settings.ok ? settings.data : null),
    indexes: request.index.map(sql => askedIndex(sql, catalog)),
    drops: request.drop.map(name => askedDrop(name, schema)),
  }
}

async function prepare(planner: Planner, asked: readonly AskedIndex[]): Promise<PreparedIndex[]> {
  if (asked.length === 0) return []
  const {prepared, refused} = await planner.prepare(asked.map(({definition}) => definition))
  const [first] = refused
  if (!first) return prepared
  const {definitionSql} = await import('../advisor/definition.js')
  throw usageError(`--index ON ${definitionSql(first.definition)}: ${first.reason}`, 'give one that can be created')
}

const nameOf = ({table, index}: AskedDrop) => qualified(table.schema, index.name)

function changeOf({settings, drops}: Asked, indexes: PreparedIndex[], schema: TargetSchema): Change {
  const wanted = Object.fromEntries(settings.map(({name, to}) => [name, to]))
  const all = schema.tables.flatMap(table => table.indexes.map(index => ({table, index})))
  return {
    configuration: {settings: wanted, indexes, without: drops.map(nameOf)},
    memory: {before: memoryOf(schema.settings), after: memoryOf({...schema.settings, ...wanted})},
    existing: new Map(all.map(each => [each.index.name, nameOf(each)])),
  }
}

function memoryOf(settings: Readonly<Record<string, string>>): Memory {
  const sort = Number(baseValue(settings.work_mem ?? '4096', 'kB')) * 1024
  return {sort, hash: sort * Number(settings.hash_mem_multiplier ?? 1)}
}

/** The server's own words for a value that it does not take. */
async function refuseBad(planner: Planner, settings: readonly AskedSetting[], change: Change): Promise<void> {
  const {without = []} = change.configuration
  const trials = [
    ...settings.map(({name, to}) => ({
      what: `--set ${name}=${to}`,
      hint: 'give another value, with its unit (64MB, 1.1, off)',
      settings: {[name]: to},
    })),
    ...without.map(name => ({
      what: `--drop-index ${name}`,
      hint: planner.kind === 'hypopg' ? 'leave --planner out' : 'leave it out',
      without: [name],
    })),
  ]
  for (const {what, hint, ...configuration} of trials) {
    try {
      await planner.explain({sql: 'SELECT 1'}, configuration)
    } catch (error) {
      if (!(error instanceof PlanError)) throw error
      throw usageError(`${what}: ${error.message}`, hint)
    }
  }
}

type Measured = {planning: Planning; questions: readonly Question[]; before: number}

async function changesOf(
  {settings, indexes, drops}: Asked,
  prepared: PreparedIndex[],
  measured: Measured,
): Promise<AskedChanges> {
  const {definitionSql} = await import('../advisor/definition.js')
  const {indexNames} = await import('../advisor/names.js')
  const nameFor = indexNames(measured.planning.schema, null)
  return {
    settings,
    indexes: await Promise.all(
      prepared.map(async (index, at) => ({
        name: indexes[at]!.name ?? nameFor(index.definition),
        definition: definitionSql(index.definition),
        bytes: index.bytes,
        writePercent: await writePercentOf(index, measured.planning.catalog, measured),
      })),
    ),
    dropped: drops.map(drop => ({name: nameOf(drop), bytes: drop.index.statistics.pages * PAGE})),
  }
}

async function writePercentOf(index: PreparedIndex, catalog: Catalog, {questions, before}: Measured): Promise<number> {
  const {tableWrites, writeCost} = await import('../advisor/writes.js')
  const writes = questions.map(({references, statement: {rows, calls}}) => ({
    writes: references.writes,
    rows: rows ?? calls,
  }))
  return before > 0 ? (writeCost(index, catalog, tableWrites(writes)) / before) * 100 : 0
}

/** The plans name the candidates as the planner does. */
async function rename(changed: readonly Changed[], prepared: readonly PreparedIndex[], {indexes}: AskedChanges) {
  if (prepared.length === 0) return
  const {renameIndexes} = await import('../whatif/plan-tree.js')
  const names = new Map(prepared.map(({name}, at) => [name, indexes[at]!.name]))
  const renamed = (text: string) => text.replace(/ahsp_db_candidate_\d+/g, found => names.get(found) ?? found)
  for (const each of changed) {
    renameIndexes(each.plans.after, names)
    each.differences = each.differences.map(renamed)
  }
}

function notesOf({indexes, drops}: Asked): string[] {
  const constraints = drops.filter(({table, index}) => table.constraints.some(({name}) => name === index.name))
  return [
    ...indexes
      .filter(({isUnique}) => isUnique)
      .map(() => 'UNIQUE is planned without its uniqueness: plans may become better still'),
    ...constraints.map(
      drop =>
        `${nameOf(drop)} keeps a constraint: only the constraint can be dropped, and what it forbids then happens`,
    ),
  ]
}
