import {randomUUID} from 'node:crypto'
import {open, rename, rm, stat, writeFile} from 'node:fs/promises'
import {dirname, join} from 'node:path'
import {CliError, EXIT} from '../errors.js'

/** To the file, or to standard output when there is none. */
export async function emit(text: string, file: string | undefined): Promise<void> {
  if (file === undefined) process.stdout.write(text.endsWith('\n') ? text : `${text}\n`)
  else await writeAtomically(file, text.endsWith('\n') ? text : `${text}\n`)
}

/** Under a temporary name first: a full disk or a crash never leaves half a file, nor destroys the old one. */
export async function writeAtomically(file: string, text: string, mode = 0o600): Promise<void> {
  if (await isSpecial(file)) return writeThrough(file, text)
  const temporary = join(dirname(file), `.ahsp-db-${randomUUID()}.tmp`)
  try {
    const handle = await open(temporary, 'wx', mode)
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, file)
  } catch (error) {
    await rm(temporary, {force: true}).catch(() => {})
    throw cannotWrite(file, error)
  }
}

/** A device or a pipe must never be replaced by a file: /dev/null would be gone for everybody. */
const isSpecial = (file: string) =>
  stat(file).then(
    stats => !stats.isFile() && !stats.isDirectory(),
    () => false,
  )

async function writeThrough(file: string, text: string): Promise<void> {
  await writeFile(file, text).catch(error => {
    throw cannotWrite(file, error)
  })
}

function cannotWrite(file: string, error: unknown): CliError {
  const reason = (error as NodeJS.ErrnoException).code ?? (error as Error).message
  return new CliError('OUTPUT', EXIT.output, `cannot write ${file} (${reason})`, 'give another -o FILE', {cause: error})
}

/** What the terminal allows: colour never when piped, with NO_COLOR or in a dumb terminal. */
export function terminal(stream: NodeJS.WriteStream = process.stdout): {color: boolean; width: number} {
  const {NO_COLOR, FORCE_COLOR, TERM, CI} = process.env
  const color = NO_COLOR ? false : FORCE_COLOR ? FORCE_COLOR !== '0' : Boolean(stream.isTTY) && TERM !== 'dumb' && !CI
  return {color, width: stream.isTTY && stream.columns ? stream.columns : 80}
}
