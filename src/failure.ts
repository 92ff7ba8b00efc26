import {CliError, EXIT} from './errors.js'
import {hideUrlPasswords} from './redact.js'
import {suggest} from './suggest.js'

/** `text` goes to stderr; without it the process ends silently. */
export type Failure = {exit: number; text?: string}

export type FailureContext = {
  argv: string[]
  /** append the stack to unexpected errors */
  debug: boolean
  /** names of the commands, for did-you-mean */
  commands: string[]
}

/** What @oclif/core throws, by its fields: a plugin may bring a second copy of the library, so no instanceof. */
type OclifError = Error & {
  code?: string
  oclif: {exit?: number}
  flags?: string[]
  args?: (string | {name: string})[]
  parse?: {input?: {flags?: Record<string, unknown>; context?: {id?: string}}}
}

/** Maps any error to what the user reads and to the exit code. Exit code 1 means findings, so it is never used here. */
export function failureOf(error: unknown, context: FailureContext): Failure {
  if (error instanceof CliError) return {exit: error.exit, text: clean(cliErrorText(error))}
  if (!isOclifError(error)) return internal(error, context.debug)
  if (error.code === 'EEXIT') return {exit: error.oclif.exit ?? EXIT.ok}
  if (error.code === 'MODULE_NOT_FOUND') return internal(error, context.debug)
  const [message, hint] = usage(error, context)
  return {exit: EXIT.usage, text: clean(`error[USAGE]: ${message} - ${hint}`)}
}

export const outputFailure = ({message}: Error): string =>
  `error[OUTPUT]: cannot write to standard output: ${message} - free space, or write elsewhere with -o`

const isOclifError = (error: unknown): error is OclifError => error instanceof Error && 'oclif' in error

function internal(error: unknown, debug: boolean): Failure {
  const message = error instanceof Error ? error.message || error.name : String(error)
  const line = `error[INTERNAL]: ${oneLine(message)} - run again with --debug and report it`
  return {exit: EXIT.internal, text: clean(debug && error instanceof Error ? `${line}\n${error.stack}` : line)}
}

/** @oclif/core puts the flag's name in front of, and advice behind, what a flag's own parser throws. */
const PARSING = /^Parsing (--\S+) \n\t([\s\S]*?)(?:\nSee more help with --help)*$/

function cliErrorText(error: CliError): string {
  const [, flag, message] = PARSING.exec(error.message) ?? []
  return message ? `error[${error.code}]: ${flag}: ${message} - ${error.hint}` : error.line
}

function usage(error: OclifError, {argv, commands}: FailureContext): [message: string, hint: string] {
  const message = error.message.replace(/(\nSee more help with --help)+$/, '')
  const notFound = /^command (.*) not found\.?$/is.exec(message)
  if (notFound) return unknownCommand(argv, commands)
  const help = `see ${helpCommand(argv, commands, error)}`
  if (error.flags) return unknownFlags(error, help)
  if (error.args) return [argumentsMessage(message, error.args), help]
  const choice = /^Expected (?:(--[^=]+)=)?(.*) to be one of: (.*)$/s.exec(message)
  if (choice) {
    const [, flag, got, values] = choice as unknown as [string, string | undefined, string, string]
    return [`${flag ?? 'the argument'} must be one of ${values}, got ${got}`, suggest(got, values.split(', '), help)]
  }
  const [, flag, reason] = PARSING.exec(error.message) ?? []
  if (reason) return [`${flag}: ${oneLine(lowerFirst(reason))}`, help]
  return [oneLine(lowerFirst(message.replace(/^The following errors? occurred:/, ''))), help]
}

function unknownCommand(argv: string[], commands: string[]): [string, string] {
  const option = argv.findIndex(isOption)
  const words = option === -1 ? argv : argv.slice(0, option)
  const word = words[0]
  if (!word) return [`a command must come before ${argv[0]}`, 'see ahsp-db --help']
  if (/:\/\/|=/.test(word)) return ['the connection was given without a command', 'try ahsp-db check CONNINFO']
  const first = [...new Set(commands.map(command => command.split(' ')[0]!))]
  if (commands.includes(word) && words.length > 1 && !commands.some(command => command.startsWith(`${word} `))) {
    return [`unexpected argument ${words[1]}`, `see ahsp-db ${word} --help`]
  }
  // `autocomplete creat`: the first word is right, so the second is what must be told.
  const topic = first.includes(word) && words.length > 1 ? words.slice(0, 2).join(' ') : word
  return [`unknown command ${topic}`, suggest(topic, topic === word ? first : commands, 'see ahsp-db --help')]
}

function unknownFlags(error: OclifError, help: string): [string, string] {
  const unknown = error.flags!.map(flag => flag.split('=')[0]!)
  const known = Object.keys(error.parse?.input?.flags ?? {}).map(name => `--${name}`)
  const message = `unknown flag${unknown.length > 1 ? 's' : ''} ${unknown.join(', ')}`
  return [message, unknown.length === 1 ? suggest(unknown[0]!, known, help) : help]
}

function argumentsMessage(message: string, args: (string | {name: string})[]): string {
  const names = args.map(arg => (typeof arg === 'string' ? arg : arg.name)).join(', ')
  return message.startsWith('Unexpected') ? `unexpected argument ${names}` : `missing argument ${names.toUpperCase()}`
}

function helpCommand(argv: string[], commands: string[], error: OclifError): string {
  const id = error.parse?.input?.context?.id?.replaceAll(':', ' ') ?? commands.find(command => command === argv[0])
  return id ? `ahsp-db ${id} --help` : 'ahsp-db --help'
}

const isOption = (argument: string) => argument.startsWith('-')
const oneLine = (text: string) => text.trim().replaceAll(/\s*\n\s*/g, ' ')
const lowerFirst = (text: string) => text.trim().replace(/^[A-Z](?=[a-z])/, letter => letter.toLowerCase())

/** Arguments are echoed: they may carry a password, or characters that a terminal obeys. */
const clean = (text: string) => hideUrlPasswords(text).replaceAll(/[^\t\n\P{C}]/gu, '?')
