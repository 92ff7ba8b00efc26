import {createHash, randomBytes} from 'node:crypto'
import type {HistoryTarget} from './store.js'

/**
 * Names in the folder of the history: one folder per target, one file per entry. They tell target and time, so that
 * listing opens no file.
 */

/** Whatever a file system may not take, or may not tell apart (upper case), is written as %XX. */
const UNSAFE = /[^a-z0-9._-]/g

/** File systems take 255 bytes. */
const LONGEST = 200

const escaped = (text: string) =>
  [...Buffer.from(text)]
    .map(byte =>
      String.fromCharCode(byte).replace(UNSAFE, () => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`),
    )
    .join('')

/** `db.example~5432~app`. Names that are too long are cut, with a digest: `targetOf` cannot read those back. */
export function folderOf({host, port, database}: HistoryTarget): string {
  const name = [escaped(host), port, escaped(database)].join('~')
  if (name.length <= LONGEST) return name
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 16)
  return `${name.slice(0, LONGEST - 17)}~~${digest}`
}

/** The target that a folder is for; null: it is none of ours, or was cut. */
export function targetOf(folder: string): HistoryTarget | null {
  const [, host, port, database] = /^([^~]+)~(\d{1,5})~([^~]+)$/.exec(folder) ?? []
  if (host === undefined || port === undefined || database === undefined) return null
  try {
    return {host: decodeURIComponent(host), port: Number(port), database: decodeURIComponent(database)}
  } catch {
    return null
  }
}

export const isCut = (folder: string): boolean => /~~[0-9a-f]{16}$/.test(folder)

const SUFFIX = '.json.gz'

/** `20261121T104512.123Z-1f0c2b3a`: sorts by time, and no two runs share it. */
export const newId = (at: number): string => idOf(at, randomBytes(4).toString('hex'))

export const idOf = (at: number, suffix: string): string =>
  `${new Date(at * 1000).toISOString().replaceAll(/[-:]/g, '')}-${suffix}`

export const fileOf = (id: string): string => `${id}${SUFFIX}`

const ID = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d\.\d{3})Z-([0-9a-f]{8,16})$/

/** Of a file: null when it is no entry. */
export function entryOf(file: string): {id: string; at: number} | null {
  if (!file.endsWith(SUFFIX)) return null
  const id = file.slice(0, -SUFFIX.length)
  const [, year, month, day, hours, minutes, seconds] = ID.exec(id) ?? []
  const at = Date.parse(`${year}-${month}-${day}T${hours}:${minutes}:${seconds}Z`)
  return Number.isNaN(at) ? null : {id, at: at / 1000}
}

export const isId = (text: string): boolean => ID.test(text)
export const suffixOf = (id: string): string => ID.exec(id)?.at(-1) ?? ''

/** What a run writes before the entry gets its name. */
export const temporaryName = (): string => `.ahsp-db-${randomBytes(8).toString('hex')}.tmp`
export const isTemporary = (file: string): boolean => /^\.ahsp-db-[0-9a-f]{16}\.tmp$/.test(file)
