import type net from 'node:net'
import type {Client} from 'pg'
import {guardAuthentication} from './auth.js'
import {requestCancel} from './cancel.js'
import {oneLine} from './error.js'
import {type Attempt, explain, targetOf} from './explain.js'
import {type Connection, makeConnection} from './session.js'
import type {ConnectionSettings, Host} from './settings.js'
import {openStream} from './stream.js'
import type {Encryption} from './tls.js'
import {types} from './values.js'

export type Opening = {host: Host; settings: ConnectionSettings; encryption: Encryption; signal: AbortSignal}

const MAX_NOTICES = 3

/**
 * Opens a stream and starts a session on it. `applicationName` null sends none: some poolers refuse it.
 * Throws ConnectError.
 */
export async function openSession(opening: Opening, applicationName: string | null): Promise<Connection> {
  const {host, settings, encryption, signal} = opening
  const attempt: Attempt = {host, settings, stage: 'dialling', encrypted: false}
  let stream: net.Socket | undefined
  try {
    stream = await openStream(host, settings, encryption, signal, settings.sslmode === 'prefer')
    attempt.stage = 'startup'
    attempt.encrypted = 'encrypted' in stream
    return await startSession(stream, attempt, applicationName)
  } catch (error) {
    stream?.destroy()
    // Whatever broke because we gave up is a timeout.
    const explained = explain(signal.aborted ? signal.reason : error, attempt)
    explained.encrypted = attempt.encrypted
    throw explained
  }
}

async function startSession(stream: net.Socket, attempt: Attempt, applicationName: string | null): Promise<Connection> {
  const {host, settings, encrypted} = attempt
  const client = await makeClient(stream, attempt, applicationName)
  const parameters: Record<string, string> = {}
  const warnings: string[] = []
  client.connection.on('parameterStatus', ({parameterName, parameterValue}) => {
    parameters[parameterName] = parameterValue
  })
  const notice = ({message}: {message?: string}) => {
    if (message && warnings.length < MAX_NOTICES) warnings.push(`the server says: ${oneLine(message)}`)
  }
  client.on('notice', notice)
  client.on('error', () => {})
  const {channelBinding, requireAuth} = settings
  const policy = {hasPassword: Boolean(host.password?.reveal()), encrypted, channelBinding, requireAuth}
  let refusal: Error | undefined
  guardAuthentication(client.connection, policy, error => {
    refusal = error
    stream.destroy(error)
  })
  await client.connect()
  // What the server sent in one piece with the request we refused may have made a session all the same.
  if (refusal) throw refusal
  client.off('notice', notice)
  const encryption = encrypted ? 'tls' : 'plain'
  const sendCancel = (pid: number, key: number) => requestCancel(host, settings, encryption, pid, key)
  return makeConnection({client, stream, target: targetOf(host, settings), parameters, warnings, sendCancel})
}

/**
 * node-postgres on our stream. Every field is given, and the start-up packet is replaced: what is missing it would
 * take from PG* variables of this process (PGOPTIONS!).
 */
async function makeClient(stream: net.Socket, {host, settings, encrypted}: Attempt, applicationName: string | null) {
  const {default: pg} = await import('pg')
  const {user, database, keepAlive, keepAliveIdleMs, channelBinding} = settings
  const client: Client = new pg.Client({
    host: host.host,
    port: host.port,
    user,
    database,
    password: () => host.password?.reveal() ?? '',
    ssl: false,
    sslnegotiation: 'postgres',
    stream: () => connected(stream),
    types,
    enableChannelBinding: encrypted && channelBinding !== 'disable',
    keepAlive,
    keepAliveInitialDelayMillis: keepAliveIdleMs,
  })
  const startup = {user, database, ...(applicationName !== null && {application_name: applicationName})}
  Object.assign(client, {getStartupConf: () => startup})
  return client
}

/** node-postgres wants to dial by itself: it is told that this has just succeeded. */
function connected(stream: net.Socket): net.Socket {
  const addListener = stream.on.bind(stream)
  const on = (event: string, listener: (...args: unknown[]) => void) =>
    addListener(event, event === 'data' ? guarded(stream, listener) : listener)
  const connect = () => {
    process.nextTick(() => stream.emit('connect'))
    return stream
  }
  return Object.assign(stream, {on, connect})
}

/** Its parser throws at messages it does not know, where nobody could catch that. */
const guarded =
  (stream: net.Socket, listener: (...args: unknown[]) => void) =>
  (...args: unknown[]) => {
    try {
      listener(...args)
    } catch (error) {
      stream.destroy(error as Error)
    }
  }
