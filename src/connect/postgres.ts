import {setTimeout as sleep} from 'node:timers/promises'
import {ConnectError, type ConnectKind} from './error.js'
import type {Connection} from './session.js'
import {judgeSession} from './session-attrs.js'
import {type ConnectionSettings, type Host, placeOf, type SessionAttrs} from './settings.js'
import {type Opening, openSession} from './startup.js'
import {type Encryption, encryptions} from './tls.js'

export {ConnectError, type ConnectKind, QueryError} from './error.js'
export type {Connection, Row} from './session.js'

const FULL: ConnectKind[] = ['too-many-clients', 'role-limit', 'database-limit']
const NOT_YET: ConnectKind[] = ['starting-up', 'shutting-down', 'recovery']

/** Three more tries within 10 s, further and further apart. */
const FULL_DELAYS_MS = [1000, 2500, 5000]
const NOT_YET_DELAY_MS = 1000
const NOT_YET_LIMIT_MS = 10_000

/**
 * Opens one session on the first host that gives one, with retries where waiting may help (server full or starting),
 * none of them later than `patienceMs`. Sends nothing but application_name at start-up. Throws ConnectError (exit 3),
 * within 5 s unless it retries.
 */
export async function connect(settings: ConnectionSettings, {patienceMs = Infinity} = {}): Promise<Connection> {
  const started = Date.now()
  for (let attempts = 1; ; attempts++) {
    try {
      const connection = await tryHosts(settings)
      connection.warnings.unshift(...settings.warnings)
      return connection
    } catch (error) {
      const elapsedMs = Date.now() - started
      const delay = error instanceof ConnectError ? retryDelay(error, attempts, elapsedMs) : undefined
      if (error instanceof ConnectError) error.attempts = attempts
      if (delay === undefined || elapsedMs + delay > patienceMs) throw error
      await sleep(delay)
    }
  }
}

function retryDelay({kind}: ConnectError, attempts: number, elapsedMs: number): number | undefined {
  if (FULL.includes(kind)) return FULL_DELAYS_MS[attempts - 1]
  const patient = NOT_YET.includes(kind) && elapsedMs + NOT_YET_DELAY_MS <= NOT_YET_LIMIT_MS
  return patient ? NOT_YET_DELAY_MS : undefined
}

/** These concern one host; any other refusal would be the same elsewhere, or must not be hidden by trying elsewhere. */
const NEXT_HOST: ConnectKind[] = [
  ...NOT_YET,
  'refused',
  'unknown-host',
  'unreachable',
  'timeout',
  'dropped',
  'protocol',
  'tls',
  'session-attrs',
]

async function tryHosts(settings: ConnectionSettings): Promise<Connection> {
  const wanted = settings.targetSessionAttrs
  const passes: SessionAttrs[] = wanted === 'prefer-standby' ? ['standby', 'any'] : [wanted]
  let failures: ConnectError[] = []
  for (const attrs of passes) {
    failures = []
    for (const host of settings.hosts) {
      try {
        return await tryHost(host, settings, attrs)
      } catch (error) {
        if (!(error instanceof ConnectError) || !NEXT_HOST.includes(error.kind)) throw error
        failures.push(error)
      }
    }
  }
  throw failures.length === 1 ? failures[0] : allFailed(failures)
}

function allFailed(failures: ConnectError[]): ConnectError {
  // The one that waiting may cure decides about retries.
  const main = failures.find(failure => NOT_YET.includes(failure.kind)) ?? failures[0]!
  const each = failures.map(failure => failure.message).join('; ')
  const message = `none of ${failures.length} hosts gave a session: ${each}`
  return new ConnectError(main.kind, message, main.hint, main.target, main.sqlstate, {cause: main})
}

async function tryHost(host: Host, settings: ConnectionSettings, attrs: SessionAttrs): Promise<Connection> {
  const limit = new AbortController()
  const expired = Object.assign(new Error('connect timeout'), {code: 'ETIMEDOUT'})
  const timer = setTimeout(() => limit.abort(expired), settings.connectTimeoutMs)
  try {
    const connection = await tryEncryptions(host, settings, limit.signal)
    const misfit = await judgeSession(connection, attrs).catch(
      (error: Error) => `cannot tell its state: ${error.message}`,
    )
    if (!misfit) return connection
    await connection.close()
    const hint = `name a host that suits target_session_attrs=${attrs}`
    throw new ConnectError('session-attrs', `${placeOf(host)} ${misfit}`, hint, connection.target)
  } finally {
    clearTimeout(timer)
  }
}

async function tryEncryptions(host: Host, settings: ConnectionSettings, signal: AbortSignal): Promise<Connection> {
  const [first, second] = encryptions(settings, host)
  try {
    return await openWithName({host, settings, encryption: first!, signal})
  } catch (error) {
    if (!second || !(error instanceof ConnectError) || !mayHelp(second, error)) throw error
    const connection = await openWithName({host, settings, encryption: second, signal}).catch((other: unknown) => {
      // When the server cannot do the second way at all, the first reason is the one to act on.
      throw other instanceof ConnectError && other.kind === 'tls' ? error : other
    })
    if (second === 'plain') connection.warnings.push(`the session is not encrypted: ${error.message}`)
    return connection
  }
}

/** sslmode=prefer and allow have a second way, for servers that refused the first because of its encryption. */
function mayHelp(second: Encryption, {kind, encrypted}: ConnectError): boolean {
  if (kind === 'tls') return second === 'plain'
  return kind === 'hba' && encrypted === (second === 'plain')
}

async function openWithName(opening: Opening): Promise<Connection> {
  try {
    return await openSession(opening, opening.settings.applicationName)
  } catch (error) {
    const refused = error instanceof ConnectError && error.sqlstate === '08P01' && /startup param/i.test(error.message)
    if (!refused) throw error
    const connection = await openSession(opening, null)
    connection.warnings.push('a pooler in between refuses application_name: the session shows none')
    return connection
  }
}
