import {CliError, EXIT} from '../errors.js'
import {snapshotOf} from '../snapshot-file.js'
import type {HistoryEntry} from './store.js'

const damaged = (name: string, what: string, hint: string) =>
  new CliError('HISTORY', EXIT.usage, `${name}: ${what}`, hint)

/** An entry that was read from `name`. Throws CliError (exit 2) for anything else, a damaged or a newer one. */
export async function entryOf(name: string, value: unknown): Promise<HistoryEntry> {
  const {format, version, snapshot, report} = (value ?? {}) as Partial<HistoryEntry>
  if (format !== 'ahsp-db/history') throw damaged(name, 'is no entry of a history', 'give one that check --save wrote')
  if (version !== 1) throw damaged(name, `has format ${version}, newer than 1`, 'update ahsp-db')
  return {format, version, snapshot: await snapshotOf(name, snapshot ?? null), report: await reportIn(name, report)}
}

/** A report that a file holds, by its schema. Throws CliError (exit 2). */
export async function reportIn(name: string, value: unknown): Promise<HistoryEntry['report']> {
  const {reportSchema} = await import('../report-schema.js')
  const {success, data} = reportSchema.safeParse(value)
  if (!success) throw damaged(name, 'holds no report of this version', 'it may be damaged, or of a newer ahsp-db')
  return data
}
