import * as Flags from '@oclif/core/flags'
import {CliError, EXIT, usageError} from '../errors.js'
import {type Format, REPORT_FORMATS} from '../render/index.js'
import {isMachineFormat, renderOutcomes} from '../render/machine.js'
import type {Outcome} from '../render/outcome.js'
import {suggest} from '../suggest.js'
import {emit, terminal, writeAtomically} from './output.js'

/** One place where the report goes; without a file standard output. */
export type Sink = {format: Format; file: string | undefined}

export const formatFlag = {
  format: Flags.string({
    char: 'f',
    description: `how to print: ${REPORT_FORMATS.join(', ')} (default: table); FORMAT=FILE writes one more, to a file`,
    multiple: true,
    // Greedy, it would take the connection string that follows for a format.
    multipleNonGreedy: true,
    helpValue: 'FORMAT[=FILE]',
  }),
}

type SinkFlags = {format?: string[]; output?: string; brief?: boolean}

/**
 * `--format` as often as it was given, -o and --brief together: at most one format without a file, which is for -o or
 * the terminal and comes first. Throws (exit 2) for an unknown format, two for one place, or a file named twice.
 */
export function sinksOf({format = [], output, brief = false}: SinkFlags): Sink[] {
  const named = format.map(sinkOf)
  const [main, second] = named.filter(({file}) => file === undefined)
  if (second) {
    throw usageError(
      `two formats for one place: ${main!.format} and ${second.format}`,
      `give a file to one of them: --format ${second.format}=FILE`,
    )
  }
  const files = named.filter(({file}) => file !== undefined)
  // Who names only files wants nothing on the terminal.
  const isAsked = main !== undefined || brief || output !== undefined || files.length === 0
  const first = {format: brief ? ('brief' as const) : (main?.format ?? 'table'), file: output}
  const sinks = isAsked ? [first, ...files] : files
  const twice = sinks.find(({file}, at) => file !== undefined && sinks.some((one, i) => i < at && one.file === file))
  if (twice) throw usageError(`two formats for one file: ${twice.file}`, 'give each its own')
  return sinks
}

function sinkOf(text: string): Sink {
  const at = text.indexOf('=')
  const name = at === -1 ? text : text.slice(0, at)
  const file = at === -1 ? undefined : text.slice(at + 1)
  const format = REPORT_FORMATS.find(known => known === name)
  if (!format) {
    throw usageError(
      `--format must be one of ${REPORT_FORMATS.join(', ')}, got ${name}`,
      suggest(name, REPORT_FORMATS, 'see --help'),
    )
  }
  if (file === '') throw usageError(`--format ${text}: the file is missing`, `e.g. --format ${name}=out.${name}`)
  return {format, file: file === '-' ? undefined : file}
}

/** What the first place allows: a file is never coloured, and 80 columns wide. */
export const shapeOf = ({file}: Sink) => (file === undefined ? terminal() : {color: false, width: 80})

/**
 * Writes to every place, one after the other. One that fails does not stop the others: the first failure is returned,
 * to be thrown (exit 6) when everything else is done.
 */
export async function writeSinks(
  sinks: readonly Sink[],
  textOf: (sink: Sink) => Promise<string>,
): Promise<Error | null> {
  let failure: Error | null = null
  for (const sink of sinks) {
    try {
      await write(await textOf(sink), sink)
    } catch (error) {
      failure ??= error as Error
    }
  }
  return failure
}

/** Other programs, under other accounts, collect metrics; everything else is for whoever ran the check. */
const METRICS_MODE = 0o644

async function write(text: string, {format, file}: Sink): Promise<void> {
  if (file !== undefined && format === 'prometheus') await writeAtomically(file, text, METRICS_MODE)
  else await emit(text, file)
}

/** Nagios is what is printed (or all that is written): then its exit codes hold, not the usual ones. */
export const isForMonitor = ([main, ...besides]: readonly Sink[]): boolean =>
  main?.format === 'nagios' && (main.file === undefined || besides.length === 0)

/**
 * Runs `work`; when it throws, what other programs read is still written: down is news for a monitor, and an old file
 * would say that all is well. Human formats are left as they are. The error is thrown again.
 */
export async function orFailure<T>(sinks: readonly Sink[], work: () => Promise<T>, name?: string): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const outcome = await failureOutcome(error, name)
    // While another run is at work its files are the news.
    const isBusy = error instanceof CliError && error.exit === EXIT.busy
    const machines = sinks.filter(({format, file}) => isMachineFormat(format) && !(isBusy && file !== undefined))
    const failed = await writeSinks(machines, ({format}) =>
      isMachineFormat(format) ? renderOutcomes([outcome], format) : Promise.resolve(''),
    )
    if (failed) process.stderr.write(`${asUnknown(failed).line}\n`)
    throw isForMonitor(sinks) ? asUnknown(error) : error
  }
}

async function failureOutcome(error: unknown, name: string | undefined): Promise<Outcome> {
  const {ConnectError} = await import('../connect/error.js')
  const {hideUrlPasswords} = await import('../redact.js')
  const {placeName} = await import('../render/outcome.js')
  const place = error instanceof ConnectError ? placeName(error.target) : undefined
  const code = error instanceof CliError ? error.code : 'INTERNAL'
  const message = hideUrlPasswords((error as Error).message)
  return {name: name ?? place, report: null, snapshot: null, error: {code, message}}
}

/** A monitor takes 2 for critical and knows no 5 or 6: whatever went wrong with the check itself is 3, unknown. */
export function asUnknown(error: unknown): CliError {
  const {code, message, hint} =
    error instanceof CliError
      ? error
      : {code: 'INTERNAL', message: (error as Error).message, hint: 'run again with --debug and report it'}
  return new CliError(code, EXIT.connect, message, hint, {cause: error})
}
