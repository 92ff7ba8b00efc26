import {fingerprint} from './fingerprint.js'
import {type LoopTable, loopTable} from './loops.js'
import {hashOf, parametersAt, preparedAt, readMessage} from './message.js'
import type {Sink, Where} from './reader.js'
import {type ShapeTable, shapeTable} from './requests.js'
import {endRequest, newSession, type Session, type SessionOptions, settle} from './session.js'
import {type Statement, statementTable} from './statements.js'

export type CollectOptions = {
  /** a pause of this length ends a request, milliseconds */
  gapMs: number
  /** a statement must be repeated so often in a row */
  repetitions: number
}

export type Totals = {
  statements: number
  /** statements that came with a duration */
  timed: number
  ms: number
  shortestMs: number
  sessions: number
  /** of statements whose lines carry no session */
  withoutSession: number
  withoutTime: number
  /** a SELECT that repeats the one before in the log: from the same session, from another */
  repeatsWithin: number
  repeatsAcross: number
  from: number
  to: number
}

export type Collected = {totals: Totals; statements: Statement[]; loops: LoopTable; requests: ShapeTable}

const MAX_SESSIONS = 5000

/** Takes the messages of all files in order; `finish` when all were read. Memory does not grow with the log. */
export function createCollector(options: CollectOptions): Sink & {finish(): Collected} {
  const table = statementTable()
  const loops = loopTable()
  const requests = shapeTable()
  const sessions = new Map<number, Session>()
  const totals = newTotals()
  const sessionOptions: SessionOptions = {...options, onRun: loops.add, onRequest: requests.add}
  let clock = 0
  const lastSelect: {statement: Statement | null; session: number} = {statement: null, session: -1}

  function sessionOf(key: number): Session {
    let session = sessions.get(key)
    if (!session) {
      if (sessions.size >= MAX_SESSIONS) evict()
      session = newSession(key, table.all[0]!, sessionOptions)
      sessions.set(key, session)
      totals.sessions += 1
    }
    clock += 1
    session.seenAt = clock
    return session
  }

  /** Drops the half that was silent for longest. */
  function evict(): void {
    const limit = [...sessions.values()].map(({seenAt}) => seenAt).sort((a, b) => a - b)[MAX_SESSIONS >> 1]!
    for (const session of sessions.values()) if (session.seenAt < limit) close(session)
  }

  function close(session: Session): void {
    settle(session, sessionOptions)
    endRequest(session, sessionOptions)
    sessions.delete(session.key)
  }

  function execution(where: Where, buf: Buffer, textAt: number, end: number, ms: number): void {
    const session = sessionOf(where.session)
    settle(session, sessionOptions)
    const lexed = fingerprint(buf, textAt, end)
    const statement = table.find(lexed, buf, textAt, end, where)
    const {last} = session
    const isTimed = ms >= 0
    last.statement = statement
    last.literal = lexed.literal
    last.literalKnown = !lexed.parameters
    last.ms = (isTimed ? ms : 0) + session.extraMs
    // A line with its duration is written at the end, one without at the start.
    last.startedAt = where.time < 0 ? -1 : where.time - (isTimed ? ms : 0)
    last.file = where.file
    last.line = where.line
    session.extraMs = 0
    session.pending = true
    session.awaitsDetail = true
    statement.calls += 1
    statement.ms += last.ms
    if (lexed.listLength > 1) statement.batched += 1
    totals.statements += 1
    totals.ms += last.ms
    if (isTimed) timed(ms)
    note(where, statement)
  }

  function timed(ms: number): void {
    totals.timed += 1
    if (ms < totals.shortestMs) totals.shortestMs = ms
  }

  function note({session, time}: Where, statement: Statement): void {
    if (session < 0) totals.withoutSession += 1
    if (time < 0) totals.withoutTime += 1
    else {
      if (time < totals.from) totals.from = time
      if (time > totals.to) totals.to = time
    }
    if (statement.facts.kind !== 'select') return
    if (lastSelect.statement === statement) {
      if (lastSelect.session === session) totals.repeatsWithin += 1
      else totals.repeatsAcross += 1
    }
    lastSelect.statement = statement
    lastSelect.session = session
  }

  /** The detail of a bind step holds the values of the next execution, not of the last. */
  function step(where: Where, ms: number): void {
    const session = sessionOf(where.session)
    session.awaitsDetail = false
    if (ms >= 0) session.extraMs += ms
  }

  /** A duration alone belongs to the statement that its session logged before. */
  function duration(where: Where, ms: number): void {
    const session = sessions.get(where.session)
    if (!session?.pending) return
    session.last.ms += ms
    session.last.statement.ms += ms
    totals.ms += ms
    timed(ms)
  }

  return {
    message(where, buf, start, end) {
      const message = readMessage(buf, start, end)
      if (message.kind === 'execution') execution(where, buf, message.textAt, end, message.ms)
      else if (message.kind === 'time') duration(where, message.ms)
      else if (message.kind === 'step') step(where, message.ms)
    },
    detail(where, buf, start, end) {
      const session = sessions.get(where.session)
      if (!session?.pending || !session.awaitsDetail) return
      const values = parametersAt(buf, start, end)
      const prepared = values < 0 ? preparedAt(buf, start, end) : -1
      if (values >= 0) {
        session.last.literal = hashOf(buf, values, end)
        session.last.literalKnown = true
      } else if (prepared >= 0) replace(session, where, buf, prepared, end)
    },
    finish() {
      for (const session of sessions.values()) close(session)
      return {totals, statements: table.all, loops, requests}
    },
  }

  /** EXECUTE name(values): what was prepared is the statement, the values are those of the call. */
  function replace(session: Session, where: Where, buf: Buffer, start: number, end: number): void {
    const as = buf
      .subarray(start, end)
      .toString('latin1')
      .search(/\sas\s/i)
    if (as < 0) return
    const at = start + as + 4
    const {last} = session
    const statement = table.find(fingerprint(buf, at, end), buf, at, end, where)
    last.statement.calls -= 1
    last.statement.ms -= last.ms
    last.statement = statement
    statement.calls += 1
    statement.ms += last.ms
  }
}

const newTotals = (): Totals => ({
  statements: 0,
  timed: 0,
  ms: 0,
  shortestMs: Number.POSITIVE_INFINITY,
  sessions: 0,
  withoutSession: 0,
  withoutTime: 0,
  repeatsWithin: 0,
  repeatsAcross: 0,
  from: Number.POSITIVE_INFINITY,
  to: Number.NEGATIVE_INFINITY,
})
