import {readdir, readFile, stat} from 'node:fs/promises'
import {basename, join} from 'node:path'
import type {AdviceOptions} from '../advisor/advise.js'
import type {WorkloadStatement} from '../advisor/costs.js'
import type {IndexesReport} from '../advisor/report.js'
import type {Workload} from '../advisor/workload.js'
import {resolveConninfo} from '../connect/conninfo.js'
import {connect} from '../connect/postgres.js'
import {embeddedAvailable} from '../embedded/server.js'
import {CliError, EXIT, usageError} from '../errors.js'
import {detectFramework} from '../fix/framework.js'
import type {Snapshot} from '../snapshot.js'
import type {TargetSchema} from '../whatif/shadow/schema.js'

export type AdviseRequest = AdviceOptions & {
  conninfo: string | undefined
  /** a file of statements, or a folder of them, in place of pg_stat_statements */
  queries?: string
}

/**
 * Plans the workload on a shadow of the database and tells which indexes pay. Throws CliError when there is no workload,
 * or no PostgreSQL to plan with on this machine.
 */
export async function adviseIndexes(snapshot: Snapshot, request: AdviseRequest): Promise<IndexesReport> {
  const embedded = embeddedAvailable()
  if (!embedded.ok) {
    throw new CliError('SHADOW', EXIT.usage, 'statements are planned on a PostgreSQL of our own', embedded.reason)
  }
  const {loadParser} = await import('../sql/parse.js')
  await loadParser()
  const workload = request.queries === undefined ? await fromServer(snapshot) : await fromFiles(request.queries)
  const schema = await schemaOf(request.conninfo)
  const {openShadow} = await import('../whatif/shadow/planner.js')
  const {advise} = await import('../advisor/advise.js')
  const {catalogOf} = await import('../advisor/catalog-of.js')
  const {indexesReport} = await import('../advisor/report.js')
  const planner = await openShadow(schema)
  try {
    const advice = await advise(planner, catalogOf(schema), workload.statements, request)
    const disabled = planner.disabled.map(({table, reason}) => `${table} is not planned: ${reason}`)
    const notes = [...workload.notes, ...schema.notes, ...planner.notes, ...disabled]
    const framework = detectFramework(snapshot.sections.application)
    return indexesReport(advice, {snapshot, schema, framework, planner: planner.kind, notes})
  } finally {
    await planner.close()
  }
}

async function schemaOf(conninfo: string | undefined): Promise<TargetSchema> {
  const {readSchema} = await import('../whatif/shadow/read.js')
  const connection = await connect(await resolveConninfo(conninfo, process.env))
  try {
    return await readSchema(connection)
  } finally {
    await connection.close()
  }
}

async function fromServer(snapshot: Snapshot): Promise<Workload> {
  const {workloadOf} = await import('../advisor/workload.js')
  const workload = workloadOf(snapshot)
  if (workload) return workload
  const {server, statements, statementTexts} = snapshot.sections
  const missing = [server, statements, statementTexts].find(section => !section.ok)
  const {message, grant} = missing as {message: string; grant?: string}
  const hint = grant ? `it needs ${grant}` : 'see ahsp-db check'
  throw usageError(`the workload cannot be read: ${message}`, `${hint}; or give --queries FILE`)
}

async function fromFiles(path: string): Promise<Workload> {
  const {statementsIn} = await import('../advisor/workload.js')
  const statements: WorkloadStatement[] = []
  const notes: string[] = []
  for (const file of await filesOf(path)) {
    const found = statementsIn(basename(file), await readFile(file, 'utf8'))
    if (found) statements.push(...found)
    else notes.push(`${basename(file)} does not parse`)
  }
  if (statements.length > 0) return {statements, notes}
  throw usageError(`${path} holds no statement that has a plan`, 'give a file of SQL, or a folder of .sql files')
}

async function filesOf(path: string): Promise<string[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [path]
    const names = await readdir(path)
    return names
      .filter(name => name.endsWith('.sql'))
      .sort()
      .map(name => join(path, name))
  } catch (error) {
    throw usageError(`cannot read ${path} (${(error as NodeJS.ErrnoException).code})`, 'give another --queries FILE')
  }
}
