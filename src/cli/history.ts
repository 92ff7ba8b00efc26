import {expandVariables} from '../config/environment.js'
import type {Config} from '../config.js'
import {usageError} from '../errors.js'
import {DEFAULT_RETENTION} from '../history/retention.js'
import {type HistoryPlan, saveRun} from '../history/save.js'
import type {Report} from '../report.js'
import type {Snapshot} from '../snapshot.js'

/**
 * Where runs are remembered, and how long: --history, else the configuration, else the default folder. Throws
 * (exit 2) for a variable that is not set.
 */
export function historyPlan(flag: string | undefined, {history = {}}: Config, env = process.env): HistoryPlan {
  const {age, count} = DEFAULT_RETENTION
  const retention = {age: history.days === undefined ? age : history.days * 86_400, count: history.count ?? count}
  if (flag !== undefined || history.place === undefined) return {place: flag, retention}
  const {value, problem} = expandVariables(history.place, env, 'history.place')
  if (problem) throw usageError(problem.message, `export it, or give the place with --history`)
  return {place: value, retention}
}

/**
 * For --save, after the report was written. Throws CliError (exit 6) when the run was not saved. A run that was cut
 * short is not: it would be a poor measure for the next one.
 */
export async function remember(snapshot: Snapshot, report: Report, plan: HistoryPlan): Promise<void> {
  if (snapshot.cutShortBy !== null) {
    process.stderr.write('note: the run was cut short, and is not saved in the history\n')
    return
  }
  const {head, name, note} = await saveRun(snapshot, report, plan)
  if (note) process.stderr.write(`note: ${note}\n`)
  if (process.stderr.isTTY) process.stderr.write(`saved in ${name} as ${head.id}\n`)
}
