import type {CollectContext, Row} from '../../collect/collector.js'
import type {Connection} from '../../connect/postgres.js'
import type {ConnectionSettings} from '../../connect/settings.js'
import type {ActivitySample, CounterSample, RunRecord} from '../record.js'
import {now} from './clock.js'
import {type Held, heldConnection} from './held.js'
import {activitySql, countersSql, statementsSql, textsSql} from './sql.js'
import type {StatementCounts} from './statements.js'
import {redacted, shortText, type Texts} from './texts.js'

/** Texts are asked for so often at most, in seconds; and never again once that took too long. */
const TEXTS_EVERY = 30
const TEXTS_MS = 500
const MOST_TEXTS = 50

export type ServerWatch = {
  /** one second: at most one message to the server; never throws */
  tick: (tick: number, last?: boolean) => Promise<void>
  /** the held connection, a new one when it was lost; throws ConnectError */
  connection: () => Promise<Connection>
  close: () => Promise<void>
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
  const held = heldConnection(options.connection, options.settings, emit)
  const notes: string[] = []
  let {counts} = options
  let failed = 0
  const due = schedule(context.versionNum)
  const fetchTexts = textFetcher(held, options)

  const sample = async (tick: number, last: boolean) => {
    const {sessions, counters, statements} = await ask(held, context, due(tick, last, counts !== null))
    const at = now()
    if (sessions) emit(activityOf(sessions, at, standardStrings))
    if (!counters) return
    const added = statements ? counts!.add(statements) : null
    emit({type: 'counters', at, ...counters, statements: added} as CounterSample)
    texts.met(added?.map(({queryid}) => queryid) ?? [])
  }
  return {
    notes,
    failed: () => failed,
    connection: held.open,
    close: held.close,
    async tick(tick, last = false) {
      try {
        await sample(tick, last)
        if (!last && counts) await fetchTexts(tick)
      } catch (error) {
        if (!held.isOpen) return
        failed += 1
        const {message} = error as Error
        if (!notes.includes(message)) notes.push(message)
        if (/pg_stat_statements/.test(message)) counts = null
      }
    },
  }
}

/** What is due, in one message. */
async function ask(held: Held, context: CollectContext, due: {counters: boolean; statements: boolean}) {
  const messages = [
    activitySql(context),
    ...(due.counters ? [countersSql(context)] : []),
    ...(due.statements ? [statementsSql(context)] : []),
  ]
  const [activity, counters, statements] = await held.send(messages.join('; '), context)
  return {sessions: activity?.[0], counters: counters?.[0], statements}
}

/** Asks for the texts that are missing; see TEXTS_EVERY. */
function textFetcher(held: Held, {context, texts, standardStrings}: ServerWatchOptions) {
  let from: number | null = 0
  return async (tick: number) => {
    const queryids = texts.missing().slice(0, MOST_TEXTS)
    if (from === null || tick < from || queryids.length === 0) return
    const asked = performance.now()
    const [rows = []] = await held.send(textsSql(context, queryids), context)
    texts.learn(
      rows.map(({queryid, text}) => ({queryid: String(queryid), text: redacted(String(text), standardStrings)})),
    )
    from = performance.now() - asked > TEXTS_MS ? null : tick + TEXTS_EVERY
  }
}

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
