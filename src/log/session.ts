import {createTracker, type Run, type Tracker} from './periods.js'
import type {Place, Statement} from './statements.js'

/** One execution, as the log tells it. */
export type Execution = {
  statement: Statement
  /** hash of its values */
  literal: number
  /** false: it has parameters, and the log does not show them */
  literalKnown: boolean
  ms: number
  /** milliseconds of the log's clock; -1: unknown */
  startedAt: number
  file: number
  line: number
}

/** The statements of one session between two pauses, or of one transaction. */
export type Request = {
  /** statement ids with repetitions folded away, at most KEPT */
  ids: Int32Array
  /** 1: this one was repeated, alone or with its neighbours */
  repeated: Uint8Array
  length: number
  queries: number
  ms: number
  place: Place
}

export type Session = {
  key: number
  seenAt: number
  /** complete only when the next line of the session is not about it: DETAIL and duration come later */
  pending: boolean
  /** the last message was an execution, so that a DETAIL is about it */
  awaitsDetail: boolean
  last: Execution
  /** of parse and bind steps that belong to the next execution */
  extraMs: number
  inTransaction: boolean
  /** when the last execution ended; -1: unknown */
  endedAt: number
  request: Request
  tracker: Tracker
}

export type SessionOptions = {
  /** a pause of this length ends a request, milliseconds */
  gapMs: number
  repetitions: number
  onRun: (run: Run) => void
  onRequest: (request: Request) => void
}

const KEPT = 32
/** Inside a transaction the same request goes on, even when the application computes for a while. */
const PATIENCE = 20

export function newSession(key: number, nobody: Statement, options: SessionOptions): Session {
  const last = {statement: nobody, literal: 0, literalKnown: false, ms: 0, startedAt: -1, file: 0, line: 0}
  return {
    key,
    seenAt: 0,
    pending: false,
    awaitsDetail: false,
    last,
    extraMs: 0,
    inTransaction: false,
    endedAt: -1,
    request: {
      ids: new Int32Array(KEPT),
      repeated: new Uint8Array(KEPT),
      length: 0,
      queries: 0,
      ms: 0,
      place: {file: 0, line: 0},
    },
    tracker: createTracker(options.repetitions, nobody, options.onRun),
  }
}

/** Takes up the pending execution: nothing more will be told about it. */
export function settle(session: Session, options: SessionOptions): void {
  if (!session.pending) return
  session.pending = false
  // Lines without a session are those of all clients, mixed.
  if (session.key < 0) return
  const {last} = session
  const {facts} = last.statement
  const pause = last.startedAt < 0 || session.endedAt < 0 ? 0 : last.startedAt - session.endedAt
  // Of a clock with whole seconds each tick counts: better one request taken for two than two for one.
  const isPause = pause > options.gapMs * (session.inTransaction ? PATIENCE : 1)
  if (isPause || facts.kind === 'begin') endRequest(session, options)
  if (last.startedAt >= 0) session.endedAt = last.startedAt + last.ms
  add(session.request, last)
  if (facts.kind === 'begin') session.inTransaction = true
  else if (facts.kind === 'end') {
    session.inTransaction = false
    endRequest(session, options)
  } else if (facts.kind !== 'ignored') {
    if (session.tracker.isEmpty()) last.statement.starts += 1
    session.tracker.add(last)
  }
}

export function endRequest(session: Session, options: SessionOptions): void {
  const {request} = session
  session.tracker.end()
  if (request.queries > 0) options.onRequest(request)
  request.length = 0
  request.queries = 0
  request.ms = 0
}

function add(request: Request, {statement, ms, file, line}: Execution): void {
  if (request.queries === 0) {
    request.place.file = file
    request.place.line = line
  }
  request.queries += 1
  request.ms += ms
  const {ids, repeated} = request
  const kind = statement.facts.kind
  if (request.length === KEPT || kind === 'ignored' || kind === 'begin' || kind === 'end') return
  ids[request.length] = statement.id
  repeated[request.length] = 0
  request.length += 1
  for (let period = 1; period <= 3; period += 1) fold(request, period)
}

/** a b c b c -> a (b c): the same page with more rows is the same shape. */
function fold(request: Request, period: number): void {
  const {ids, repeated, length} = request
  if (length < 2 * period) return
  for (let i = 1; i <= period; i += 1) if (ids[length - i] !== ids[length - i - period]) return
  request.length = length - period
  for (let i = 1; i <= period; i += 1) repeated[request.length - i] = 1
}
