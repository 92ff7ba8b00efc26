import {readFile} from 'node:fs/promises'
import {sectionNames} from './collect/index.js'
import {CliError, EXIT} from './errors.js'
import {safeJson} from './render/json.js'
import {SNAPSHOT_VERSION, type Snapshot} from './snapshot.js'

const bad = (file: string, what: string, hint: string) => new CliError('SNAPSHOT', EXIT.usage, `${file}: ${what}`, hint)

/** A snapshot that `ahsp-db snapshot` wrote. Throws (exit 2) for anything else, a corrupt or a newer one. */
export async function readSnapshot(file: string): Promise<Snapshot> {
  return snapshotOf(file, await readJson(file))
}

/** What a JSON file holds, packed with gzip or not. Throws (exit 2). */
export async function readJson(file: string): Promise<{format?: unknown} | null> {
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw bad(file, `cannot be read (${error.code})`, 'give a file that ahsp-db snapshot -o FILE wrote')
  })
  const {isPacked, unpack} = await import('./history/pack.js')
  try {
    return (isPacked(bytes) ? await unpack(bytes) : JSON.parse(bytes.toString('utf8'))) as {format?: unknown} | null
  } catch (error) {
    throw bad(file, `is not JSON (${(error as Error).message})`, 'it may be cut off: take the snapshot again')
  }
}

/** The snapshot that a parsed file, or a line of one, holds. Throws (exit 2) for anything else, and for a newer one. */
export async function snapshotOf(file: string, given: {format?: unknown} | null): Promise<Snapshot> {
  const value = given as Partial<Snapshot> | null
  if (value?.format !== 'ahsp-db/snapshot') {
    throw bad(file, 'is not a snapshot of ahsp-db', 'give a file that ahsp-db snapshot -o FILE wrote')
  }
  if (typeof value.version !== 'number' || value.version > SNAPSHOT_VERSION) {
    throw bad(file, `has format ${value.version}, newer than ${SNAPSHOT_VERSION}`, 'update ahsp-db')
  }
  return complete(file, {...value, ...(value.schema === undefined ? {} : {schema: await schemaIn(file, value.schema)})})
}

async function schemaIn(file: string, value: unknown) {
  const {targetSchemaOf} = await import('./whatif/shadow/validate.js')
  const schema = targetSchemaOf(value)
  if (!schema) throw bad(file, 'has damaged statistics', 'take the snapshot again')
  return schema
}

/** Every section must be there and say whether it is ok; one that this version added is unavailable. */
function complete(file: string, value: Partial<Snapshot>): Snapshot {
  const sections = (value.sections ?? {}) as Record<string, unknown>
  for (const [name, section] of Object.entries(sections)) {
    const {ok, data, message} = (section ?? {}) as {ok?: unknown; data?: unknown; message?: unknown}
    if (ok === true ? data === undefined || data === null : ok !== false || typeof message !== 'string') {
      throw bad(file, `section ${name} is damaged`, 'take the snapshot again')
    }
  }
  if (!value.target || typeof value.collectedAt !== 'number' || !Array.isArray(value.warnings)) {
    throw bad(file, 'is damaged', 'take the snapshot again')
  }
  for (const section of sectionNames) {
    sections[section] ??= {ok: false, reason: 'unsupported', message: 'the snapshot was taken by an older ahsp-db'}
  }
  return {...value, sections} as Snapshot
}

/** Throws CliError (exit 6) for one that is longer than a text can be, about 500 MB: only statistics make it so. */
export function snapshotText(snapshot: Snapshot): string {
  try {
    return safeJson(snapshot, 1)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new CliError(
      'SNAPSHOT',
      EXIT.output,
      'the snapshot is too large for a file',
      'leave --include-statistics out',
      {
        cause: error,
      },
    )
  }
}
