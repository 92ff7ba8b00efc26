import type {LineCounter} from 'yaml'
import {CliError, EXIT} from '../errors.js'
import {editDistance} from '../suggest.js'

/** One mistake in the file; `start` and `end` are offsets into its text. */
export type Problem = {start: number; end: number; message: string; hint: string}

export type Source = {file: string; text: string; lines: LineCounter}

/** More than this many mistakes are one mistake: the wrong file. */
const MAX_SHOWN = 20

/** Of a longer line, only this much around the mistake is shown. */
const MAX_WIDTH = 120

/** All mistakes of the file at once, each as `file:line:column` with its line and a caret. */
export class ConfigError extends CliError {
  readonly #blocks: string[]

  constructor(problems: Problem[], source: Source) {
    const sorted = problems.toSorted((a, b) => a.start - b.start)
    const first = sorted[0]!
    super('CONFIG', EXIT.usage, `${place(first, source)}: ${first.message}`, first.hint)
    this.#blocks = sorted.slice(0, MAX_SHOWN).map(problem => block(problem, source))
    if (sorted.length > MAX_SHOWN) this.#blocks.push(`... and ${sorted.length - MAX_SHOWN} more`)
  }

  override get line(): string {
    return this.#blocks.join('\n')
  }
}

function place({start}: Problem, {file, lines}: Source): string {
  const {line, col} = lines.linePos(start)
  return `${file}:${line}:${col}`
}

function block(problem: Problem, source: Source): string {
  const {line, col} = source.lines.linePos(problem.start)
  const text = source.text.split('\n')[line - 1]?.replace(/\r$/, '') ?? ''
  const whole = printable(withoutSecrets(text))
  const from = whole.length <= MAX_WIDTH ? 0 : Math.max(0, col - MAX_WIDTH / 2)
  const shown = whole.slice(from, from + MAX_WIDTH)
  const before = shown.slice(0, col - 1 - from)
  const width = Math.max(1, Math.min(problem.end - problem.start, shown.length - before.length))
  return [
    `error[CONFIG]: ${place(problem, source)}: ${problem.message} - ${problem.hint}`,
    `  ${line} | ${shown}`,
    `  ${' '.repeat(String(line).length)} | ${before.replaceAll(/[^\t]/g, ' ')}${'^'.repeat(width)}`,
  ].join('\n')
}

const printable = (text: string) => text.replaceAll(/[^\t\P{C}]/gu, '?')

/** The line is echoed, so whatever may hold a password loses its value, also under a misspelt key. */
function withoutSecrets(line: string): string {
  const [, head, key] = /^(\s*(?:-\s+)?["']?([^\s"':]*)["']?\s*(?::|$)\s*)/.exec(line) ?? []
  const secretKey =
    key !== undefined && (editDistance(key.toLowerCase(), 'connection') <= 3 || /pass|pw|secret|token/i.test(key))
  if (!secretKey && !/:\/\/|pass|pw|secret|token/i.test(line)) return line
  return head?.includes(':') && line.length > head.length ? `${head}***` : '***'
}
