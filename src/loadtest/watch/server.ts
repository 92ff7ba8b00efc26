import type {CollectContext, Row} from '../../collect/collector.js'
import {LIMITS, ROLLBACK, transaction} from '../../collect/transaction.js'
import {type Connection, connect} from '../../connect/postgres.js'
import type {ConnectionSettings} from '../../connect/settings.js'
import type {ActivitySample, CounterSample, Refusal, RunRecord} from '../record.js'
import {now} from './clock.js'
import {activitySql, countersSql, statementsSql, textsSql} from './sql.js'
import type {StatementCounts} from './statements.js'
import {redacted, shortText, type Texts} from './texts.js'

/** Within it a new session is opened, or the second is a refused one. */
const CONNECT_MS = 2000
/** Texts are asked for so often at most, in seconds; and never again once that took too long. */
const TEXTS_EVERY = 30
const TEXTS_MS = 500
const MOST_TEXTS = 50

export type ServerWatch = {
  /** one second: at most one message to the server; never throws */
  tick: (tick: number, last?: boolean) => Promise<void>
  /** the held connection, a new one when it was lost; throws ConnectError */
  connection: () => Promise<Connection>
  /** samples that the server refused */
  failed: () => number
  notes: string[]
}

export type ServerWatchOptions = {
  connection: Connection
  settings: ConnectionSettings
  context: CollectContext
  /** null: no pg_stat_statements that can be read */
  counts: StatementCounts | null
  texts: Texts
  standardStrings: boolean
  emit: (record: RunRecord) => void
}

/** Samples over one connection, and opens another when it is lost: each second without one is a `refused` line. */
export function watchServer(options: ServerWatchOptions): ServerWatch {
  const {context, emit, texts, standardStrings} = options
  const settings = {...options.settings, connectTimeoutMs: Math.min(CONNECT_MS, options.settings.connectTimeoutMs)}
  const notes: string[] = []
  let {connection, counts} = options
  let failed = 0
  let textsTo: number | null = 0
  const due = schedule(context.versionNum)

  const refused = (error: Error) => emit(refusalOf('server', error))
  /** the connection whose end has been recorded */
  let ended: Connection | null = null
  const open = async () => {
    if (connection.isOpen) return connection
    if (ended !== connection) refused(connection.lostBy ?? new Error('the connection was lost'))
    ended = connection
    connection = await connect(settings, {patienceMs: 0})
    return connection
  }
  const send = async (sql: string): Promise<Row[][]> => {
    const deadlineMs = LIMITS.statement + LIMITS.clientGrace
    try {
      // Without what BEGIN and the settings answer.
      return (await (await open()).run(transaction(sql, context), {deadlineMs})).slice(2, -1)
    } catch (error) {
      if (connection.isOpen && connection.transaction !== 'none') {
        await connection.run(ROLLBACK, {deadlineMs: LIMITS.clientGrace}).catch(() => {})
      }
      throw error
    }
  }
  const sample = async (tick: number, last: boolean) => {
    const what = due(tick, last, counts !== null)
    const messages = [
      activitySql(context),
      ...(what.counters ? [countersSql(context)] : []),
      ...(what.statements ? [statementsSql(context)] : []),
    ]
    const [[sessions], counters, statements] = (await send(messages.join('; '))) as [Row[], Row[]?, Row[]?]
    const at = now()
    if (sessions) emit(activityOf(sessions, at, standardStrings))
    if (!counters?.[0]) return
    const added = statements ? counts!.add(statements) : null
    emit({type: 'counters', at, ...counters[0], statements: added} as CounterSample)
    texts.met(added?.map(({queryid}) => queryid) ?? [])
  }
  const fetchTexts = async (tick: number) => {
    const queryids = texts.missing().slice(0, MOST_TEXTS)
    if (textsTo === null || tick < textsTo || queryids.length === 0 || !counts) return
    const asked = performance.now()
    const [rows = []] = await send(textsSql(context, queryids))
    texts.learn(
      rows.map(({queryid, text}) => ({queryid: String(queryid), text: redacted(String(text), standardStrings)})),
    )
    textsTo = performance.now() - asked > TEXTS_MS ? null : tick + TEXTS_EVERY
  }

  return {
    notes,
    failed: () => failed,
    connection: open,
    async tick(tick, last = false) {
      try {
        await sample(tick, last)
        if (!last) await fetchTexts(tick)
      } catch (error) {
        if (!connection.isOpen) {
          ended = connection
          return refused(error as Error)
        }
        failed += 1
        const {message} = error as Error
        if (!notes.includes(message)) notes.push(message)
        if (counts && /pg_stat_statements/.test(message)) counts = null
      }
    },
  }
}

export const refusalOf = (end: string, error: Error & {sqlstate?: string}): Refusal => ({
  type: 'refused',
  at: now(),
  end,
  sqlstate: error.sqlstate ?? null,
  message: error.message,
})

/** Seconds between two readings; a young run, which may be short, gets those of statements more often. */
const YOUNG = 30
const STATEMENTS_EVERY = [2, 5] as const

function schedule(versionNum: number) {
  // Before 15 the statistics collector writes a file for everybody who asks.
  const countersEvery = versionNum >= 150000 ? 2 : 5
  const lastTick = {counters: Number.NEGATIVE_INFINITY, statements: Number.NEGATIVE_INFINITY}
  return (tick: number, last: boolean, hasStatements: boolean) => {
    const statementsEvery = Math.max(countersEvery, tick < YOUNG ? STATEMENTS_EVERY[0] : STATEMENTS_EVERY[1])
    const statements = hasStatements && (last || tick - lastTick.statements >= statementsEvery)
    const counters = statements || last || tick - lastTick.counters >= countersEvery
    if (statements) lastTick.statements = tick
    if (counters) lastTick.counters = tick
    return {counters, statements}
  }
}

function activityOf(row: Row, at: number, standardStrings: boolean): ActivitySample {
  const {statements, ...sample} = row as unknown as Omit<ActivitySample, 'type' | 'at'>
  const redactedStatements = statements.map(({queryid, text, count}) => ({
    queryid,
    text: shortText(text ?? '', standardStrings),
    count,
  }))
  return {type: 'activity', at, ...sample, statements: redactedStatements}
}
