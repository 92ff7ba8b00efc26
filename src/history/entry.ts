import {promisify} from 'node:util'
import {gunzip, gzip} from 'node:zlib'
import {CliError, EXIT} from '../errors.js'
import {safeJson} from '../render/json.js'
import {snapshotOf} from '../snapshot-file.js'
import type {HistoryEntry} from './store.js'

/** A snapshot of 20,000 tables is 40 MB; what unpacks to more than this is damaged, or no entry. */
const MAX_BYTES = 512 * 1024 * 1024

const GZIP = Buffer.from([0x1f, 0x8b])
export const isPacked = (bytes: Buffer): boolean => bytes.subarray(0, 2).equals(GZIP)

export const pack = (value: unknown): Promise<Buffer> => promisify(gzip)(safeJson(value, 0))

/** Throws (an ordinary error) for bytes that are damaged. */
export async function unpack(bytes: Buffer): Promise<unknown> {
  return JSON.parse((await promisify(gunzip)(bytes, {maxOutputLength: MAX_BYTES})).toString('utf8'))
}

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
