import type {CollectContext, Row} from '../../collect/collector.js'
import {LIMITS, ROLLBACK, transaction} from '../../collect/transaction.js'
import {type Connection, connect} from '../../connect/postgres.js'
import type {ConnectionSettings} from '../../connect/settings.js'
import type {Refusal} from '../record.js'
import {now} from './clock.js'

/** Within it a new session is opened, or the second is a refused one. Milliseconds. */
const CONNECT_MS = 2000

export type Held = {
  readonly isOpen: boolean
  /** The connection, a new one when it was lost. Throws ConnectError. */
  open: () => Promise<Connection>
  /** The rows of each statement, which together are one bounded transaction. Throws QueryError or ConnectError. */
  send: (sql: string, context: CollectContext) => Promise<Row[][]>
  close: () => Promise<void>
}

/** One connection for the whole run; each loss and each refusal of a new one goes to `refused`, once. */
export function heldConnection(
  first: Connection,
  given: ConnectionSettings,
  refused: (refusal: Refusal) => void,
): Held {
  const settings = {...given, connectTimeoutMs: Math.min(CONNECT_MS, given.connectTimeoutMs)}
  let connection = first
  /** the one whose end was told */
  let ended: Connection | null = null
  const lost = (error: Error) => {
    if (ended !== connection) refused(refusalOf('server', error))
    ended = connection
  }
  const open = async () => {
    if (connection.isOpen) return connection
    lost(connection.lostBy ?? new Error('the connection was lost'))
    connection = await connect(settings, {patienceMs: 0}).catch(error => {
      refused(refusalOf('server', error))
      throw error
    })
    return connection
  }
  return {
    get isOpen() {
      return connection.isOpen
    },
    open,
    close: () => connection.close(),
    async send(sql, context) {
      const session = await open()
      try {
        return await sendTo(session, sql, context)
      } catch (error) {
        if (!session.isOpen) lost(error as Error)
        throw error
      }
    },
  }
}

/** One bounded transaction, which is rolled back when it fails. */
async function sendTo(session: Connection, sql: string, context: CollectContext): Promise<Row[][]> {
  try {
    const deadlineMs = LIMITS.statement + LIMITS.clientGrace
    // Without what BEGIN and the settings answer.
    return (await session.run(transaction(sql, context), {deadlineMs})).slice(2, -1)
  } catch (error) {
    if (session.isOpen && session.transaction !== 'none') {
      await session.run(ROLLBACK, {deadlineMs: LIMITS.clientGrace}).catch(() => {})
    }
    throw error
  }
}

export const refusalOf = (end: string, error: Error & {sqlstate?: string}): Refusal => ({
  type: 'refused',
  at: now(),
  end,
  sqlstate: error.sqlstate ?? null,
  message: error.message,
})
