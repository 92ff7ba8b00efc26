import {readFile} from 'node:fs/promises'
import {CliError, EXIT} from './errors.js'
import type {PlatformId} from './fix/platform.js'
import type {PhaseOverride} from './loadtest/verdict/phases.js'
import type {Context, Rule, Severity} from './rule.js'

export const CONFIG_FILE = 'ahsp-db.yaml'

/** A configuration is written by hand: what is larger than this is some other file. */
const MAX_BYTES = 256 * 1024

export type Ignore = {
  rule: string
  subject: string
  reason: string
  /** YYYY-MM-DD, the last day on which it holds */
  until?: string
}

/** One of several servers, as it is written: its variables are expanded when it is its turn. */
export type TargetConfig = {
  name: string
  connection: string
  /** file:line:column */
  place: string
  tags: string[]
  /** what differs from the rest of the file; only keys that are written */
  overrides: Partial<Omit<Config, 'file' | 'connection' | 'targets'>>
}

export type Config = {
  /** null: no file, everything is a default */
  file: string | null
  connection?: string
  /** consoles to read along */
  pgbouncer?: string[]
  poolerProcesses?: number
  poolerOpenFiles?: number
  users?: number
  app?: Context['app']
  /** seconds */
  requestTimeout?: number
  ramBytes?: number
  diskFreeBytes?: number
  cpus?: number
  storage?: Context['storage']
  platform?: PlatformId
  failOn: Severity
  /** rules or categories; empty: all */
  only: string[]
  skip: string[]
  /** rule -> option -> value in the option's unit */
  rules: Record<string, Record<string, number | string[]>>
  severities: Record<string, Severity>
  ignore: Ignore[]
  /** limits of the load-test ladder that replace its own */
  phases?: Record<string, PhaseOverride>
  /** where runs are remembered (variables not expanded yet), for how many days, and at most how many of a database */
  history?: {place?: string; days?: number; count?: number}
  /** the servers of `check --all`, in the file's order */
  targets?: TargetConfig[]
}

export const DEFAULTS: Config = {file: null, failOn: 'high', only: [], skip: [], rules: {}, severities: {}, ignore: []}

/**
 * Reads ./ahsp-db.yaml, or the file at `path`. Without a file: the defaults, and nothing heavy is loaded.
 *
 * 'ignore' leaves `connection`, or the consoles of `pgbouncer`, as they are written, for runs that connect elsewhere or
 * nowhere: an unset variable must not stop those. Throws CliError CONFIG (exit 2) with file:line:column of every mistake.
 */
export async function loadConfig(
  path: string | undefined,
  rules: readonly Rule[],
  env: NodeJS.ProcessEnv,
  options: {connection?: 'expand' | 'ignore'; consoles?: 'expand' | 'ignore'} = {},
): Promise<Config> {
  const file = path ?? CONFIG_FILE
  const source = await readSource(file, path === undefined)
  if (source === null) return structuredClone(DEFAULTS)
  const {parseConfig} = await import('./config/parse.js')
  const {connection, consoles = connection} = options
  return parseConfig(file, source, rules, env, {connection: connection !== 'ignore', consoles: consoles !== 'ignore'})
}

async function readSource(file: string, mayBeAbsent: boolean): Promise<string | null> {
  let bytes: Buffer
  try {
    bytes = await readFile(file)
  } catch (error) {
    const {code, message} = error as NodeJS.ErrnoException
    if (code === 'ENOENT' && mayBeAbsent) return null
    const reason = code === 'ENOENT' ? 'no such file' : code === 'EISDIR' ? 'it is a directory' : message.split(',')[0]
    throw unreadable(file, reason!, 'check the path, or write one with ahsp-db init')
  }
  if (bytes.length > MAX_BYTES) {
    throw unreadable(file, `${bytes.length} bytes, at most ${MAX_BYTES} are read`, 'is this the right file?')
  }
  try {
    return new TextDecoder('utf-8', {fatal: true}).decode(bytes)
  } catch {
    throw unreadable(file, 'it is not UTF-8', 'save it as UTF-8')
  }
}

const unreadable = (file: string, reason: string, hint: string) =>
  new CliError('CONFIG', EXIT.usage, `cannot read ${file}: ${reason}`, hint)
