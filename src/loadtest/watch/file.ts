import {closeSync, ftruncateSync, openSync, writeSync} from 'node:fs'
import {CliError, EXIT} from '../../errors.js'
import {safeJson} from '../../render/json.js'
import type {RunRecord} from '../record.js'

export type RunFile = {
  readonly name: string
  /** What went wrong first; after that nothing is written any more. */
  readonly failure: CliError | null
  write: (record: RunRecord) => void
  close: () => void
}

/** `ahsp-db-run-20261121T101500Z.jsonl` */
export const defaultName = (at: Date): string => `ahsp-db-run-${at.toISOString().replace(/[-:]|\.\d+/g, '')}.jsonl`

/**
 * A line for each record, handed to the system at once: a killed process loses none of them. Throws CliError (exit 6)
 * when the file cannot be opened; `onFailure` is called once when it cannot be written later.
 */
export function openRunFile(name: string, onFailure: (failure: CliError) => void): RunFile {
  let failure: CliError | null = null
  const fd = attempt(name, () => openSync(name, 'w', 0o600))
  let length = 0
  return {
    name,
    get failure() {
      return failure
    },
    write(record) {
      if (failure) return
      try {
        length += attempt(name, () => writeAll(fd, safeJson(record, 0)))
      } catch (error) {
        failure = error as CliError
        cut(fd, length)
        onFailure(failure)
      }
    },
    close: () => closeSync(fd),
  }
}

function writeAll(fd: number, text: string): number {
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at)
  return bytes.length
}

/** Half a line helps nobody; a pipe cannot be cut, and need not be. */
function cut(fd: number, length: number): void {
  try {
    ftruncateSync(fd, length)
  } catch {}
}

function attempt<T>(name: string, action: () => T): T {
  try {
    return action()
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? (error as Error).message
    const hint = 'free space, or give another -o FILE'
    throw new CliError('OUTPUT', EXIT.output, `cannot write ${name} (${reason})`, hint, {cause: error})
  }
}
