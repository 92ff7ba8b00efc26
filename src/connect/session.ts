import {once} from 'node:events'
import type net from 'node:net'
import type {Client, QueryResult} from 'pg'
import {QueryError, type QueryErrorKind, type Target} from './error.js'

export type Row = Record<string, unknown>

/** One session with a server. Only one statement may run at a time. */
export type Connection = {
  readonly target: Target
  /** as the start-up told; behind a pooler it is not the backend's: pg_backend_pid() knows that one */
  readonly backendPid: number
  /** what the server reported of itself: server_version, server_encoding, is_superuser... */
  readonly parameters: Record<string, string>
  readonly warnings: string[]
  /** false as soon as the connection is lost or closed */
  readonly isOpen: boolean
  /** what ended the session while nothing ran, with the server's last words if there were any; null: nothing did */
  readonly lostBy: QueryError | null
  /** after an error inside BEGIN it is 'failed' until a ROLLBACK */
  readonly transaction: 'none' | 'open' | 'failed'
  /**
   * Sends one simple-protocol message, which may hold several statements, and returns the rows of each in order.
   * At the deadline the statement is cancelled; when that does not help within 1 s the connection is destroyed.
   * Throws QueryError.
   */
  run(sql: string, options: {deadlineMs: number}): Promise<Row[][]>
  /** Asks the server to cancel what runs now; never throws and returns within 1 s. */
  cancel(): Promise<void>
  /** Ends the session politely, within 1 s. */
  close(): Promise<void>
}

/** The longest wait for anything after a deadline has passed. */
export const GRACE_MS = 1000

export type SessionParts = {
  client: Client
  stream: net.Socket
  target: Target
  parameters: Record<string, string>
  warnings: string[]
  sendCancel: (pid: number, secret: number) => Promise<void>
}

/** What node-postgres keeps of the session but does not declare. */
type Internals = {processID: number; secretKey: number; readyForQuery: boolean}

const TRANSACTION = {I: 'none', T: 'open', E: 'failed'} as const

type Running = {ending?: QueryErrorKind; cancelling?: Promise<void>; kill?: NodeJS.Timeout}

export function makeConnection({client, stream, target, parameters, warnings, sendCancel}: SessionParts): Connection {
  const {processID, secretKey} = client as unknown as Internals
  const isOpen = () => !stream.destroyed && stream.readable
  let running: Running | undefined
  let lastWords: Error | undefined
  client.on('error', error => {
    lastWords ??= error
  })
  const cancel = async (ending: QueryErrorKind) => {
    if (!running || !isOpen()) return
    running.ending ??= ending
    await sendCancel(processID, secretKey)
  }
  return {
    target,
    parameters,
    warnings,
    backendPid: processID,
    get isOpen() {
      return isOpen()
    },
    get lostBy() {
      return lastWords && !isOpen() ? queryError(lastWords, true, undefined) : null
    },
    get transaction() {
      return TRANSACTION[client.getTransactionStatus() ?? 'I']
    },
    async run(sql, {deadlineMs}) {
      if (running) throw new Error('a statement is running on this connection already')
      if (!isOpen()) throw new QueryError('lost', 'the connection is closed')
      running = {}
      try {
        return await runUntil(deadlineMs, {client, stream, sql, running, cancel})
      } finally {
        running = undefined
      }
    },
    cancel: () => cancel('cancelled'),
    async close() {
      const timer = setTimeout(() => stream.destroy(), GRACE_MS)
      await client.end().catch(() => {})
      clearTimeout(timer)
      stream.destroy()
    },
  }
}

type Statement = {
  client: Client
  stream: net.Socket
  sql: string
  running: Running
  cancel: (ending: QueryErrorKind) => Promise<void>
}

async function runUntil(deadlineMs: number, {client, stream, sql, running, cancel}: Statement): Promise<Row[][]> {
  const deadline = setTimeout(() => {
    running.cancelling = cancel('timeout')
    running.kill = setTimeout(() => stream.destroy(), GRACE_MS)
  }, deadlineMs)
  try {
    const results = (await client.query(sql)) as unknown as QueryResult<Row> | QueryResult<Row>[]
    return [results].flat().map(result => result.rows)
  } catch (error) {
    await settled(client, stream)
    throw queryError(error as Error & {code?: string}, stream.destroyed || !stream.readable, running.ending)
  } finally {
    clearTimeout(deadline)
    // A cancel request that is still on its way would hit the next statement.
    await running.cancelling
    clearTimeout(running.kill)
  }
}

/** After an error the server is either ready again or gone; only then it is known which. */
async function settled(client: Client, stream: net.Socket): Promise<void> {
  if ((client as unknown as Internals).readyForQuery || stream.destroyed || !stream.readable) return
  const limit = new AbortController()
  const timer = setTimeout(() => limit.abort(), GRACE_MS)
  const {signal} = limit
  await Promise.race([once(client.connection, 'readyForQuery', {signal}), once(stream, 'close', {signal})]).catch(() =>
    stream.destroy(),
  )
  clearTimeout(timer)
  limit.abort()
}

function queryError(error: Error & {code?: string}, lost: boolean, ending: QueryErrorKind | undefined): QueryError {
  const sqlstate = /^[0-9A-Z]{5}$/.test(error.code ?? '') ? error.code : undefined
  const ended = ending && (lost || sqlstate === '57014') ? ending : undefined
  if (ended === 'timeout') return new QueryError('timeout', "no answer before the client's deadline", sqlstate)
  if (ended === 'cancelled') return new QueryError('cancelled', 'the statement was cancelled', sqlstate)
  if (lost) return new QueryError('lost', `the connection was lost: ${error.message}`, sqlstate, {cause: error})
  return new QueryError('server', error.message, sqlstate, {cause: error})
}
