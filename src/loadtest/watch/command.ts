import {type ChildProcess, spawn} from 'node:child_process'
import {accessSync, constants, statSync} from 'node:fs'
import {constants as system} from 'node:os'
import {delimiter, join} from 'node:path'
import {usageError} from '../../errors.js'
import {hideUrlPasswords, REDACTED} from '../../redact.js'

export type Command = {
  /** its exit code; 128 + n when signal n ended it */
  done: Promise<number>
  readonly isRunning: boolean
  /** to the command and whatever it started */
  signal: (name: NodeJS.Signals) => void
}

/** Where its output goes, line by line; undefined: as ours. */
export type Output = {stdout?: (text: string) => void; stderr?: (text: string) => void}

/** The file that would be started. Throws CliError (exit 2) when there is none. */
export function findProgram(name: string, env: NodeJS.ProcessEnv): string {
  const suffixes = process.platform === 'win32' ? ['', ...(env.PATHEXT ?? '.EXE').split(';')] : ['']
  const folders = /[\\/]/.test(name) ? [''] : (env.PATH ?? '').split(delimiter)
  const files = folders.flatMap(folder => suffixes.map(suffix => join(folder, name + suffix)))
  const found = files.find(isProgram)
  if (found) return found
  const what = JSON.stringify(name)
  throw usageError(`the command ${what} was not found`, 'name a program of the PATH, or give its path, after --')
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return statSync(file).isFile()
  } catch {
    return false
  }
}

/** In a process group of its own: Ctrl-C must reach it once, by way of us. */
export function startCommand(program: string, arguments_: readonly string[], output: Output): Command {
  const isGroup = process.platform !== 'win32'
  const child = spawn(program, arguments_, {
    detached: isGroup,
    // Outside the terminal's own group it could not read from it.
    stdio: [
      process.stdin.isTTY ? 'ignore' : 'inherit',
      output.stdout ? 'pipe' : 'inherit',
      output.stderr ? 'pipe' : 'inherit',
    ],
  })
  let isRunning = true
  const done = ended(child).finally(() => {
    isRunning = false
  })
  if (output.stdout) byLine(child.stdout!, output.stdout)
  if (output.stderr) byLine(child.stderr!, output.stderr)
  return {
    done,
    get isRunning() {
      return isRunning
    },
    signal(name) {
      try {
        if (isRunning && child.pid) process.kill(isGroup ? -child.pid : child.pid, name)
      } catch {
        // It has just ended.
      }
    },
  }
}

function ended(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.on('error', error => reject(usageError(`the command does not start (${error.message})`, 'try it by itself')))
    child.on('close', (code, signal) => resolve(code ?? 128 + system.signals[signal!]))
  })
}

/** Whole lines, so that nothing of ours gets into the middle of one. */
function byLine(stream: NodeJS.ReadableStream, print: (text: string) => void): void {
  let rest = ''
  stream.setEncoding('utf8')
  stream.on('data', (chunk: string) => {
    const end = (rest + chunk).lastIndexOf('\n') + 1
    const text = rest + chunk
    if (end > 0) print(text.slice(0, end))
    rest = text.slice(end)
  })
  stream.on('end', () => rest && print(`${rest}\n`))
}

const SECRET = /(?:password|passwd|passphrase|secret|token|api[-_]?key|authorization|credential)/i
const SECRET_FLAG = /^--?[\w-]*(?:password|passwd|passphrase|secret|token|api-?key|credential)[\w-]*$/i

/** The words of a command without what is, by its name, a secret. */
export function redactedWords(words: readonly string[]): string[] {
  return words.map((word, at) => {
    if (at > 0 && SECRET_FLAG.test(words[at - 1]!)) return REDACTED
    const [, name, mark] = /^([^=:]*?)([=:])./s.exec(word) ?? []
    return name !== undefined && SECRET.test(name) ? `${name}${mark}${REDACTED}` : hideUrlPasswords(word)
  })
}
