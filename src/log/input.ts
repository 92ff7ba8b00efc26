import {open} from 'node:fs/promises'
import type {Readable} from 'node:stream'
import {CliError, EXIT, usageError} from '../errors.js'

/** Fills buf from `offset` on; the number of bytes, 0 at the end. */
export type Read = (buf: Buffer, offset: number) => Promise<number>
export type Input = {read: Read; close(): Promise<void>; problem?: string}

/** Bytes that mark compressed files, and what undoes those that Node cannot. */
const OTHERS: [number[], string][] = [
  [[0x28, 0xb5, 0x2f, 0xfd], 'zstdcat'],
  [[0xfd, 0x37, 0x7a, 0x58], 'xzcat'],
  [[0x42, 0x5a, 0x68], 'bzcat'],
]
const CHUNK = 256 * 1024

/** Opens a file, plain or gzip, or standard input (`-`). Throws CliError when it cannot be read. */
export async function openLog(name: string): Promise<Input> {
  if (name === '-') return fromStream(process.stdin, name)
  const fail = (error: unknown) => Promise.reject(unreadable(name, error))
  const handle = await open(name).catch(fail)
  const magic = Buffer.alloc(4)
  try {
    // A pipe, as of <(command), would lose these bytes.
    if (!(await handle.stat()).isFile()) return await fromStream(handle.createReadStream({highWaterMark: CHUNK}), name)
    await handle.read(magic, 0, magic.length, 0)
    refuse(name, magic)
    if (isGzip(magic)) return await fromStream(handle.createReadStream({highWaterMark: CHUNK, start: 0}), name)
  } catch (error) {
    await handle.close().catch(() => {})
    throw error instanceof CliError ? error : unreadable(name, error)
  }
  return {
    read: async (buf, offset) => (await handle.read(buf, offset, buf.length - offset).catch(fail)).bytesRead,
    close: () => handle.close(),
  }
}

const isGzip = (bytes: Buffer) => bytes[0] === 0x1f && bytes[1] === 0x8b

function refuse(name: string, magic: Buffer): void {
  const other = OTHERS.find(([bytes]) => bytes.every((byte, i) => magic[i] === byte))
  if (other) throw usageError(`${name} is compressed, but not by gzip`, `${other[1]} FILE | ahsp-db nplusone -`)
}

function unreadable(name: string, error: unknown): CliError {
  const reason = (error as NodeJS.ErrnoException).code ?? (error as Error).message
  return new CliError(
    'LOG',
    EXIT.usage,
    `cannot read ${name} (${reason})`,
    'give a log file, or - for standard input',
    {
      cause: error,
    },
  )
}

/** Copies the chunks of a stream, unpacked when they are gzip, into the reader's buffer. */
async function fromStream(source: Readable, name: string): Promise<Input> {
  const chunks = source[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  const first = await chunks.next().catch(error => Promise.reject(unreadable(name, error)))
  const head = first.done ? Buffer.alloc(0) : first.value
  refuse(name, head)
  const whole = async function* () {
    yield head
    for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield next.value
  }
  const packed = isGzip(head)
  const bytes = packed ? await unpacked(whole()) : whole()
  let rest: Buffer = Buffer.alloc(0)
  const input: Input = {
    async read(buf, offset) {
      try {
        while (rest.length === 0) {
          const next = await bytes.next()
          if (next.done) return 0
          rest = next.value
        }
      } catch (error) {
        if (!packed) throw unreadable(name, error)
        // What was unpacked so far is worth reading: a rotated file may be cut off.
        input.problem = `its gzip data are damaged or cut off (${(error as NodeJS.ErrnoException).code ?? 'error'})`
        return 0
      }
      const length = rest.copy(buf, offset)
      rest = rest.subarray(length)
      return length
    },
    close: async () => void source.destroy(),
  }
  return input
}

async function unpacked(packed: AsyncIterable<Buffer>): Promise<AsyncIterator<Buffer>> {
  const [{createGunzip}, {Readable: Source}] = await Promise.all([import('node:zlib'), import('node:stream')])
  const gunzip = createGunzip({chunkSize: CHUNK})
  Source.from(packed, {objectMode: true})
    .on('error', error => gunzip.destroy(error))
    .pipe(gunzip)
  return gunzip[Symbol.asyncIterator]() as AsyncIterator<Buffer>
}
