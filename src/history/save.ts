import {CliError, EXIT} from '../errors.js'
import type {Report} from '../report.js'
import type {Snapshot} from '../snapshot.js'
import {openHistory} from './open.js'
import {DEFAULT_RETENTION} from './retention.js'
import type {HistoryHead, Retention} from './store.js'

/** Where to, and for how long; undefined: the default folder and retention. */
export type HistoryPlan = {place?: string; retention?: Retention}

/**
 * Saves a run, then removes what is beyond the retention. Throws CliError (exit 6) when it was not saved; old entries
 * that cannot be removed are no error, the next run will try again: their `note` says so.
 */
export async function saveRun(
  snapshot: Snapshot,
  report: Report,
  {place, retention = DEFAULT_RETENTION}: HistoryPlan,
): Promise<{head: HistoryHead; name: string; note: string | null}> {
  // Statistics of the planner hold values of columns: they stay in the file that was asked to have them.
  const {schema: _, ...kept} = snapshot
  const history = await openHistory(place).catch(notSaved)
  try {
    const head = await history.save({format: 'ahsp-db/history', version: 1, snapshot: kept, report}).catch(notSaved)
    const note = await history.prune(head.target, retention).then(
      () => null,
      (error: Error) => `old runs were not removed from ${history.name}: ${error.message}`,
    )
    return {head, name: history.name, note}
  } finally {
    await history.close()
  }
}

function notSaved(error: Error): never {
  const hint = error instanceof CliError ? error.hint : 'try again'
  throw new CliError('HISTORY', EXIT.output, `the run was not saved: ${error.message}`, hint, {cause: error})
}
