import fs from 'node:fs'
import os from 'node:os'
import {type Address, isDefaultSocketDir, listHosts} from './hosts.js'
import {parseKeyValue} from './keyvalue.js'
import {addEnvironment, checkKeyword, checkValues} from './keywords.js'
import {findPassword, type Passfile, readPassfile} from './passfile.js'
import {defaultPassfile, sslFile} from './paths.js'
import {secret} from './secret.js'
import {addService} from './service.js'
import {type ConnectionSettings, conninfoError, type Host, isSocketPath, type Values} from './settings.js'
import {looksLikeUri, parseUri} from './uri.js'

export type {ConnectionSettings} from './settings.js'

/** Short enough that the whole program reports an unreachable server within 5 s. */
const DEFAULT_CONNECT_TIMEOUT_MS = 4500
const DEFAULT_KEEPALIVE_IDLE_MS = 10_000

/**
 * Applies libpq's rules: the connection string (a URL, keyword=value pairs, or a database's name; without it
 * DATABASE_URL), then the service, then the environment, then the defaults.
 * Throws CliError with exit 2 for whatever cannot be understood or honoured.
 */
export async function resolveConninfo(input: string | undefined, env: NodeJS.ProcessEnv): Promise<ConnectionSettings> {
  const values: Values = new Map()
  const warnings: string[] = []
  if (input !== undefined) addGiven(values, input, 'the connection string')
  else if (env.DATABASE_URL) addGiven(values, env.DATABASE_URL, 'DATABASE_URL')
  await addService(values, env)
  warnings.push(...addEnvironment(values, env), ...checkValues(values))
  const text = (name: string) => values.get(name)?.text || undefined
  const user = text('user') ?? osUser()
  const database = text('dbname') ?? user
  const {hosts, warnings: passfileWarnings} = await addPasswords(listHosts(values), values, env, database, user)
  return {
    hosts,
    database,
    user,
    passwordSource: hosts[0]!.passwordSource,
    ...tlsSettings(values, env),
    channelBinding: (text('channel_binding') ?? 'prefer') as ConnectionSettings['channelBinding'],
    requireAuth: text('require_auth'),
    connectTimeoutMs: seconds(values, 'connect_timeout') ?? DEFAULT_CONNECT_TIMEOUT_MS,
    keepAlive: text('keepalives') !== '0',
    keepAliveIdleMs: seconds(values, 'keepalives_idle') ?? DEFAULT_KEEPALIVE_IDLE_MS,
    applicationName: text('application_name') ?? text('fallback_application_name') ?? 'ahsp-db',
    targetSessionAttrs: (text('target_session_attrs') ?? 'any') as ConnectionSettings['targetSessionAttrs'],
    warnings: [...warnings, ...passfileWarnings],
  }
}

function addGiven(values: Values, given: string, origin: string) {
  if (given.includes('\0')) throw conninfoError(`${origin} contains a NUL character`, 'remove it')
  const trimmed = given.trim()
  if (trimmed === '') throw conninfoError(`${origin} is empty`, 'leave the argument out to use the PG* variables')
  for (const [name, text] of parseGiven(trimmed)) {
    checkKeyword(name, origin)
    values.set(name, {text, origin})
  }
}

function parseGiven(text: string): [string, string][] {
  if (looksLikeUri(text)) return parseUri(text)
  return text.includes('=') ? parseKeyValue(text) : [['dbname', text]]
}

function osUser(): string {
  try {
    return os.userInfo().username
  } catch {
    throw conninfoError('there is no user name: this process has no operating-system account', 'give one with PGUSER')
  }
}

/** A whole number of seconds as milliseconds; undefined when unset, zero or negative (libpq: no limit of its own). */
function seconds(values: Values, name: string): number | undefined {
  const value = values.get(name)
  if (!value?.text) return undefined
  if (!/^\s*-?\d+\s*$/.test(value.text)) {
    throw conninfoError(`${name} (from ${value.origin}) must be a whole number of seconds`, `for example ${name}=10`)
  }
  // Longer than this a timer of the runtime cannot wait.
  const ms = Math.min(Number(value.text) * 1000, 2 ** 31 - 1)
  return ms > 0 ? ms : undefined
}

function tlsSettings(values: Values, env: NodeJS.ProcessEnv) {
  const text = (name: string) => values.get(name)?.text || undefined
  const existing = (name: string) => (fs.existsSync(sslFile(env, name)) ? sslFile(env, name) : undefined)
  const sslrootcert = text('sslrootcert') ?? existing('root.crt')
  const system = sslrootcert === 'system'
  const sslnegotiation = text('sslnegotiation') === 'direct' ? ('direct' as const) : ('postgres' as const)
  const sslmode = (text('sslmode') ?? (system ? 'verify-full' : 'prefer')) as ConnectionSettings['sslmode']
  if (system && sslmode !== 'verify-full') {
    throw conninfoError(`sslmode=${sslmode} is too weak for sslrootcert=system`, 'use sslmode=verify-full')
  }
  if (sslnegotiation === 'direct' && ['disable', 'allow', 'prefer'].includes(sslmode)) {
    throw conninfoError(`sslmode=${sslmode} is too weak for sslnegotiation=direct`, 'use sslmode=require or above')
  }
  const sendCertificate = text('sslcertmode') !== 'disable'
  const sslcert = sendCertificate ? (text('sslcert') ?? existing('postgresql.crt')) : undefined
  const password = text('sslpassword')
  return {
    sslmode,
    sslnegotiation,
    sslrootcert,
    sslcert,
    sslkey: sslcert && (text('sslkey') ?? existing('postgresql.key')),
    sslpassword: password === undefined ? undefined : secret(password),
    sslcrl: text('sslcrl') ?? (sslrootcert && !system ? existing('root.crl') : undefined),
    sslsni: text('sslsni') !== '0',
    sslMinVersion: (text('ssl_min_protocol_version') ?? 'TLSv1.2') as ConnectionSettings['sslMinVersion'],
    sslMaxVersion: text('ssl_max_protocol_version') as ConnectionSettings['sslMaxVersion'],
  }
}

async function addPasswords(
  addresses: Address[],
  values: Values,
  env: NodeJS.ProcessEnv,
  database: string,
  user: string,
): Promise<{hosts: Host[]; warnings: string[]}> {
  const given = values.get('password')
  if (given?.text) {
    const password = secret(given.text)
    return {hosts: addresses.map(address => ({...address, password, passwordSource: given.origin})), warnings: []}
  }
  const explicit = values.get('passfile')?.text
  const passfile = await readPassfile(explicit ?? defaultPassfile(env), explicit !== undefined, env)
  const hosts = addresses.map(address => ({...address, ...fromPassfile(passfile, address, database, user)}))
  return {hosts, warnings: passfile.warnings}
}

function fromPassfile({entries, name}: Passfile, {host, port}: Address, database: string, user: string) {
  // A socket in a default directory goes by the name localhost there.
  const key = isSocketPath(host) && isDefaultSocketDir(host) ? 'localhost' : host
  const entry = findPassword(entries, [key, String(port), database, user])
  if (!entry) return {passwordSource: 'none'}
  return {password: secret(entry.password), passwordSource: `${name} line ${entry.line}`}
}
