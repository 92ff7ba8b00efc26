import {readdir, readFile, stat} from 'node:fs/promises'
import {basename, join} from 'node:path'
import type {WorkloadStatement} from '../advisor/costs.js'
import type {Workload} from '../advisor/workload.js'
import {usageError} from '../errors.js'
import type {Snapshot} from '../snapshot.js'

export type WorkloadSource = {
  /** a file of statements, or a folder of them, in place of pg_stat_statements */
  queries?: string
  /** logs in the order in which they were written, in place of pg_stat_statements */
  log?: string[]
  /** log_line_prefix of a stderr log; default: recognised */
  prefix?: string
}

/** The statements to plan. The SQL parser must be loaded. Throws CliError when there are none. */
export async function workloadFrom(snapshot: Snapshot, {queries, log, prefix}: WorkloadSource): Promise<Workload> {
  if (queries !== undefined) return fromFiles(queries)
  return log === undefined ? fromServer(snapshot) : fromLogs(log, prefix)
}

async function fromServer(snapshot: Snapshot): Promise<Workload> {
  const {workloadOf} = await import('../advisor/workload.js')
  const workload = workloadOf(snapshot)
  if (workload) return workload
  const {server, statements, statementTexts} = snapshot.sections
  const missing = [server, statements, statementTexts].find(section => !section.ok)
  const {message, grant} = missing as {message: string; grant?: string}
  const hint = grant ? `it needs ${grant}` : 'see ahsp-db check'
  throw usageError(`the workload cannot be read: ${message}`, `${hint}; or give --queries FILE or --log FILE`)
}

async function fromLogs(names: string[], prefix: string | undefined): Promise<Workload> {
  const {workloadOfLogs} = await import('../log/workload.js')
  const workload = await workloadOfLogs(names, prefix)
  if (workload.statements.length > 0) return workload
  throw usageError(
    ['the log holds no statement that has a plan and ran more than once', ...workload.notes].join('; '),
    'set log_min_duration_statement = 0 for a while, or give --prefix LOG_LINE_PREFIX',
  )
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
