import type {Report} from '../report.js'
import type {Snapshot} from '../snapshot.js'
import {readJson, snapshotOf} from '../snapshot-file.js'
import {entryOf, reportIn} from './entry.js'
import {momentOf} from './moment.js'
import {isId} from './names.js'

/** An earlier run: a snapshot, a report, or both. */
export type Earlier = {snapshot: Snapshot | null; report: Report | null; notes: string[]}

/** A file that `snapshot`, `check --format json` or `check --save` wrote. Throws CliError (exit 2). */
export async function readRun(file: string): Promise<Earlier> {
  const value = await readJson(file)
  if (value?.format === 'ahsp-db/report') return {snapshot: null, report: await reportIn(file, value), notes: []}
  if (value?.format === 'ahsp-db/history') return {...(await entryOf(file, value)), notes: []}
  return {snapshot: await snapshotOf(file, value), report: null, notes: []}
}

/** A name of a file; an id of the history, `last` and ages are looked up when the target is known. */
export const isFile = (baseline: string): boolean => momentOf(baseline).kind === 'named' && !isId(baseline)
