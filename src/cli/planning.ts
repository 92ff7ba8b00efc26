import type {Catalog} from '../advisor/catalog.js'
import type {Workload} from '../advisor/workload.js'
import {resolveConninfo} from '../connect/conninfo.js'
import {type Connection, connect} from '../connect/postgres.js'
import {embeddedAvailable} from '../embedded/server.js'
import {CliError, EXIT, usageError} from '../errors.js'
import type {Snapshot} from '../snapshot.js'
import type {Planner} from '../whatif/planner.js'
import type {TargetSchema} from '../whatif/shadow/schema.js'
import {type WorkloadSource, workloadFrom} from './workload.js'

export type PlanningRequest = WorkloadSource & {
  conninfo: string | undefined
  /** the file that the snapshot came from: then no server is asked */
  file?: string
  planner: Planner['kind']
}

/** A database and the workload to plan on it. */
export type Planning = {
  schema: TargetSchema
  catalog: Catalog
  workload: Workload
  /** Starts the planner, once; it is closed when the work ends. */
  open(): Promise<{planner: Planner /** what is less faithful than it could be, for people */; notes: string[]}>
}

/** Gives `work` what it needs to plan a workload. Throws CliError when there is none, or nothing to plan with. */
export async function withPlanning<T>(
  snapshot: Snapshot,
  request: PlanningRequest,
  work: (planning: Planning) => Promise<T>,
): Promise<T> {
  refuseImpossible(request, snapshot)
  endOnSignal()
  const {loadParser} = await import('../sql/parse.js')
  await loadParser()
  const workload = await workloadFrom(snapshot, request)
  const schema = snapshot.schema ?? (await onTarget(request.conninfo, readTarget))
  const {catalogOf} = await import('../advisor/catalog-of.js')
  let opened: Opened | undefined
  const open = async () => {
    opened = await (request.planner === 'hypopg' ? openHypopg(request.conninfo) : openShadow(schema))
    const {planner, notes} = opened
    const disabled = planner.disabled.map(({table, reason}) => `${table} is not planned: ${reason}`)
    return {planner, notes: [...new Set([...workload.notes, ...schema.notes, ...notes, ...disabled])]}
  }
  try {
    return await work({schema, catalog: catalogOf(schema), workload, open})
  } finally {
    await opened?.planner.close()
  }
}

/** There is no half of an answer to keep; the exit handler removes the shadow. */
function endOnSignal(): void {
  process.once('SIGINT', () => process.exit(EXIT.interrupted))
  process.once('SIGTERM', () => process.exit(EXIT.terminated))
}

function refuseImpossible({planner, file}: PlanningRequest, {schema}: Snapshot): void {
  if (planner === 'hypopg') {
    if (file === undefined) return
    throw usageError('--planner hypopg plans on the server itself, and a snapshot is none', 'leave --planner out')
  }
  if (file !== undefined && !schema) {
    throw usageError(
      `${file} does not hold what plans are made from`,
      'take it with: ahsp-db snapshot --include-statistics -o FILE',
    )
  }
  const embedded = embeddedAvailable()
  if (embedded.ok) return
  throw new CliError('SHADOW', EXIT.usage, 'statements are planned on a PostgreSQL of our own', embedded.reason)
}

type Opened = {planner: Planner; notes: string[]}

async function openShadow(schema: TargetSchema): Promise<Opened> {
  const shadow = await import('../whatif/shadow/planner.js')
  const planner = await shadow.openShadow(schema)
  return {planner, notes: planner.notes}
}

async function openHypopg(conninfo: string | undefined): Promise<Opened> {
  const hypopg = await import('../whatif/hypopg.js')
  const connection = await connect(await resolveConninfo(conninfo, process.env))
  const planner = await hypopg.openHypopg(connection).catch(async error => {
    await connection.close()
    throw error
  })
  if (planner) return {planner, notes: []}
  await connection.close()
  throw new CliError(
    'HYPOPG',
    EXIT.usage,
    'this database does not have the extension hypopg',
    'leave --planner out (the shadow needs nothing on the server), or run CREATE EXTENSION hypopg there',
  )
}

async function onTarget<T>(conninfo: string | undefined, read: (connection: Connection) => Promise<T>): Promise<T> {
  const connection = await connect(await resolveConninfo(conninfo, process.env))
  try {
    return await read(connection)
  } finally {
    await connection.close()
  }
}

async function readTarget(connection: Connection): Promise<TargetSchema> {
  const {readSchema} = await import('../whatif/shadow/read.js')
  return readSchema(connection)
}

/** For a snapshot from which plans can be made. Throws CliError when there is none to add it to. */
export async function addSchema(snapshot: Snapshot, conninfo: string | undefined): Promise<void> {
  const {server} = snapshot.sections
  if (snapshot.cutShortBy !== null || !server.ok) {
    snapshot.warnings.push('the statistics were not read: the run was cut short, or this is no PostgreSQL')
  } else snapshot.schema = await onTarget(conninfo, readTarget)
}
