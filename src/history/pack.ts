import {promisify} from 'node:util'
import {gunzip, gzip} from 'node:zlib'
import {safeJson} from '../render/json.js'

/** A snapshot of 20,000 tables is 40 MB; what unpacks to more than this is damaged, or no entry. */
const MAX_BYTES = 512 * 1024 * 1024

const GZIP = Buffer.from([0x1f, 0x8b])
export const isPacked = (bytes: Buffer): boolean => bytes.subarray(0, 2).equals(GZIP)

export const pack = (value: unknown): Promise<Buffer> => promisify(gzip)(safeJson(value, 0))

/** Throws (an ordinary error) for bytes that are damaged. */
export async function unpack(bytes: Buffer): Promise<unknown> {
  return JSON.parse((await promisify(gunzip)(bytes, {maxOutputLength: MAX_BYTES})).toString('utf8'))
}
