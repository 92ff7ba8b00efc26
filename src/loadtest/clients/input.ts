import {StringDecoder} from 'node:string_decoder'
import {CliError, EXIT} from '../../errors.js'
import {type Input, openLog} from '../../log/input.js'

const CHUNK = 64 * 1024
const BOM = '\ufeff'
const HINT = 'give the CSV files of Locust (--locust PREFIX), or a summary, CSV or JSON output of k6 (--k6 FILE)'

/** The text of a file in pieces; `head` is the first of them, empty for an empty file. */
export type TextInput = {
  name: string
  head: string
  /** Calls `push` with every piece, the head first. */
  each(push: (text: string) => void): Promise<void>
  /** why the text ends too early: damaged gzip */
  problem(): string | null
}

/**
 * Opens a file, plain or gzip, gives it to `use`, and closes it. Throws CliError when it cannot be read, also when that
 * shows in the middle.
 */
export async function withText<T>(name: string, use: (text: TextInput) => Promise<T>): Promise<T> {
  const input = await readable(name, () => openLog(name))
  try {
    const decoder = new StringDecoder('utf8')
    const buffer = Buffer.allocUnsafe(CHUNK)
    const next = async () => {
      const length = await readable(name, () => input.read(buffer, 0))
      return length === 0 ? null : decoder.write(buffer.subarray(0, length))
    }
    const first = (await next()) ?? ''
    const head = first.startsWith(BOM) ? first.slice(1) : first
    return await use({
      name,
      head,
      async each(push) {
        push(head)
        for (let text = await next(); text !== null; text = await next()) push(text)
      },
      problem: () => (input as Input).problem ?? null,
    })
  } finally {
    await input.close()
  }
}

/** The errors of opening and reading, with the hint that belongs to this command. */
async function readable<T>(name: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    const reason = error instanceof CliError ? error.message : `cannot read ${name} (${(error as Error).message})`
    throw new CliError('CLIENT', EXIT.usage, reason, HINT, {cause: error})
  }
}

export const unknownFile = (name: string, what: string): CliError =>
  new CliError('CLIENT', EXIT.usage, `${name} ${what}`, HINT)
