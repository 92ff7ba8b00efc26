import {mkdir, open, readdir, readFile, rename, rm, stat} from 'node:fs/promises'
import {join} from 'node:path'
import {CliError, EXIT} from '../errors.js'
import {entryOf as entryIn} from './entry.js'
import {entryOf, fileOf, folderOf, isCut, isTemporary, newId, targetOf, temporaryName} from './names.js'
import {pack, unpack} from './pack.js'
import {expired} from './retention.js'
import type {History, HistoryEntry, HistoryHead, HistoryTarget} from './store.js'

export const DEFAULT_PLACE = '.ahsp-db/history'

/** A run that takes longer than this was killed. */
const LEFT_OVER_MS = 3_600_000

/**
 * The history in a folder: `<root>/<target>/<time>-<random>.json.gz`. An entry gets its name when all of it is on the
 * disk, and names are never used twice: several runs may save, read and prune at once, and be killed at any point.
 */
export function folderHistory(root: string): History {
  const notes: string[] = []
  return {
    name: root,
    save: entry => saveIn(root, entry),
    list: target => listIn(root, target, notes),
    async read({id, target}) {
      const file = join(root, folderOf(target), fileOf(id))
      return readEntry(file)
    },
    async prune(target, retention) {
      const folder = join(root, folderOf(target))
      await removeLeftOvers(folder)
      const doomed = expired(await headsIn(folder, target), retention, Date.now() / 1000)
      await Promise.all(doomed.map(({id}) => rm(join(folder, fileOf(id)), {force: true})))
      return doomed.length
    },
    notes: () => notes,
    close: async () => {},
  }
}

async function saveIn(root: string, entry: HistoryEntry): Promise<HistoryHead> {
  const {host, port, database} = entry.snapshot.target
  const target = {host, port, database}
  const at = entry.snapshot.collectedAt
  const folder = join(root, folderOf(target))
  const temporary = join(folder, temporaryName())
  const id = newId(at)
  try {
    await mkdir(folder, {recursive: true, mode: 0o700})
    await writeThrough(temporary, await pack(entry))
    await rename(temporary, join(folder, fileOf(id)))
    await Promise.all([syncFolder(folder), syncFolder(root)])
  } catch (error) {
    await rm(temporary, {force: true}).catch(() => {})
    const reason = (error as NodeJS.ErrnoException).code ?? (error as Error).message
    throw new CliError(
      'HISTORY',
      EXIT.output,
      `cannot write to ${root} (${reason})`,
      'give a folder that can be written with --history',
      {cause: error},
    )
  }
  return {id, target, at: entryOf(fileOf(id))!.at}
}

async function writeThrough(file: string, bytes: Buffer): Promise<void> {
  const handle = await open(file, 'wx', 0o600)
  try {
    await handle.writeFile(bytes)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** The new name survives a crash of the machine, too; where folders cannot be synced (Windows) the system sees to it. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => null)
  await handle?.sync().catch(() => {})
  await handle?.close()
}

async function listIn(root: string, target: HistoryTarget | null, notes: string[]): Promise<HistoryHead[]> {
  if (target) return headsIn(join(root, folderOf(target)), target)
  const heads: HistoryHead[] = []
  for (const folder of await namesIn(root)) {
    const of = targetOf(folder) ?? (isCut(folder) ? await targetInside(join(root, folder), notes) : null)
    if (of) heads.push(...(await headsIn(join(root, folder), of)))
  }
  return heads.sort(newestFirst)
}

async function headsIn(folder: string, target: HistoryTarget): Promise<HistoryHead[]> {
  const heads = (await namesIn(folder)).flatMap(file => {
    const entry = entryOf(file)
    return entry ? [{...entry, target}] : []
  })
  return heads.sort(newestFirst)
}

const newestFirst = (a: HistoryHead, b: HistoryHead) => b.at - a.at || (a.id < b.id ? 1 : -1)

/** The names in a folder; none when it is not there. Throws CliError (exit 2) when it cannot be read. */
async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    const {code} = error as NodeJS.ErrnoException
    // A file beside the targets' folders is none of ours.
    if (code === 'ENOENT' || code === 'ENOTDIR') return []
    const hint = 'give another folder with --history, or the right to read this one'
    throw new CliError('HISTORY', EXIT.usage, `cannot read ${folder} (${code})`, hint, {cause: error})
  }
}

/** A name too long for a folder is in the entries alone. */
async function targetInside(folder: string, notes: string[]): Promise<HistoryTarget | null> {
  for (const file of (await namesIn(folder)).filter(name => entryOf(name))) {
    try {
      const {host, port, database} = (await readEntry(join(folder, file))).snapshot.target
      return {host, port, database}
    } catch (error) {
      notes.push((error as Error).message)
    }
  }
  return null
}

async function readEntry(file: string): Promise<HistoryEntry> {
  const hint = 'it is left out; remove it if it stays damaged'
  const value = await readFile(file)
    .then(unpack)
    .catch((error: NodeJS.ErrnoException) => {
      const what = error.syscall ? `cannot be read (${error.code})` : 'is damaged'
      throw new CliError('HISTORY', EXIT.usage, `${file}: ${what}`, hint, {cause: error})
    })
  return entryIn(file, value)
}

async function removeLeftOvers(folder: string): Promise<void> {
  for (const file of (await namesIn(folder)).filter(isTemporary)) {
    const path = join(folder, file)
    const modified = await stat(path).then(
      ({mtimeMs}) => mtimeMs,
      () => Date.now(),
    )
    if (Date.now() - modified > LEFT_OVER_MS) await rm(path, {force: true})
  }
}
