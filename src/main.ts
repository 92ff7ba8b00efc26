import {readFile} from 'node:fs/promises'
import {fileURLToPath} from 'node:url'
import type {Interfaces} from '@oclif/core'
import {run} from '@oclif/core/run'
import {settings} from '@oclif/core/settings'
import {EXIT} from './errors.js'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** `commands`: another folder of commands than the built one; the manifest is then not used. */
export type MainOptions = {commands?: string}

let ending = false

/**
 * Runs the command line and ends the process: with what the command set as process.exitCode, or as failure.ts maps
 * the error. Never ends before what was written has left the process.
 */
export async function main(arguments_: string[], options: MainOptions = {}): Promise<void> {
  const {argv, debug} = takeDebug(arguments_)
  process.stdout.on('error', () => outputError() && void end(EXIT.output))
  process.stderr.on('error', () => {})
  process.on('uncaughtException', error => void fail(error, argv, debug))
  try {
    // The built commands are the program, whatever NODE_ENV and tsconfig.json lie around.
    settings.enableAutoTranspile = false
    await run(asHelp(argv), await loadOptions(options))
    await end(Number(process.exitCode ?? EXIT.ok))
  } catch (error) {
    await fail(error, argv, debug, options)
  }
}

/** `--debug` is a flag of the commands; it is understood in front of them, too. */
export function takeDebug(arguments_: string[]): {argv: string[]; debug: boolean} {
  const [first, command, ...rest] = arguments_
  const argv = first === '--debug' && command !== undefined ? [command, '--debug', ...rest] : arguments_
  const stop = argv.indexOf('--')
  const flagged = argv.slice(0, stop === -1 ? undefined : stop).includes('--debug')
  return {argv, debug: flagged || ![undefined, '', '0'].includes(process.env.AHSP_DB_DEBUG)}
}

/** `ahsp-db help check` means `ahsp-db check --help`. */
export const asHelp = (argv: string[]): string[] => (argv[0] === 'help' ? [...argv.slice(1), '--help'] : argv)

async function loadOptions(options: MainOptions): Promise<Interfaces.LoadOptions> {
  const pjson = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8'))
  if (!options.commands) return {root: ROOT, pjson}
  const {Plugin} = await import('./oclif.js')
  pjson.oclif.commands = options.commands
  const plugin = new Plugin({root: ROOT, pjson, isRoot: true, ignoreManifest: true})
  await plugin.load()
  return {root: ROOT, pjson, plugins: new Map([[plugin.name, plugin]])} as Interfaces.LoadOptions
}

async function fail(error: unknown, argv: string[], debug: boolean, options: MainOptions = {}): Promise<void> {
  if (ending) return
  const {failureOf} = await import('./failure.js')
  const failure = failureOf(error, {argv, debug, commands: await commandIds(options)})
  await end(failure.exit, failure.text)
}

/** For did-you-mean; an installation so broken that it has none still gets its error. */
async function commandIds(options: MainOptions): Promise<string[]> {
  try {
    const {Config} = await import('./oclif.js')
    const config = await Config.load(await loadOptions(options))
    return config.commands.filter(command => !command.hidden).map(command => command.id.replaceAll(':', ' '))
  } catch {
    return []
  }
}

/** process.exit cuts what a pipe has not taken yet, and waiting for an idle socket would hang: flush, then exit. */
async function end(exit: number, text = ''): Promise<void> {
  if (ending) return
  ending = true
  if (text) process.stderr.write(`${text}\n`)
  await flushed(process.stdout)
  const broken = outputError()
  if (broken) {
    const {outputFailure} = await import('./failure.js')
    process.stderr.write(`${outputFailure(broken)}\n`)
  }
  await flushed(process.stderr)
  process.exit(broken ? EXIT.output : exit)
}

/** A reader that has seen enough (`| head`) is no failure; the command ends with its own exit code. */
function outputError(): Error | null {
  const error = process.stdout.errored as NodeJS.ErrnoException | null
  return error?.code === 'EPIPE' || error?.code === 'ERR_STREAM_DESTROYED' ? null : error
}

const flushed = (stream: NodeJS.WriteStream) =>
  new Promise<void>(resolve => {
    if (stream.destroyed || stream.errored) resolve()
    else stream.write('', () => resolve())
  })
