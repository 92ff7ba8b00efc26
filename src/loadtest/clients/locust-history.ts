import {number} from '../../units.js'
import type {ClientPoint, ClientTotals, Endpoint} from '../client.js'
import {type Columns, columnsOf, isAggregated, type Table} from './locust-columns.js'
import {endpointList, methodOf} from './locust-tables.js'
import {clip, timeOf} from './values.js'

/** More than two days of seconds; a longer history still counts, but its later points are not kept. */
const MOST_POINTS = 200_000
const MOST_ENDPOINTS = 5000

/** Counters since the beginning, as a row has them. */
type Counters = {requests: number; failures: number; mean: number | null}

export type History = Table & {
  result(): {
    points: ClientPoint[]
    total: ClientTotals | null
    endpoints: Endpoint[]
    /** with --csv-full-history */
    full: boolean
    /** the counters began anew in between */
    reset: boolean
    notes: string[]
  }
}

type State = {
  columns: Columns
  points: ClientPoint[]
  endpoints: Map<string, Endpoint>
  before: Counters
  users: number
  /** fields of the last row of all requests */
  last: string[] | null
  full: boolean
  /** rows of a clock that was set back, of reset counters, of too many seconds, of too many endpoints */
  back: number
  resets: number
  beyond: number
  unnamed: number
}

const NOTHING: Counters = {requests: 0, failures: 0, mean: null}

/** PREFIX_stats_history.csv: counters since the beginning, about each second, of all requests and perhaps per endpoint. */
export function historyTable(header: string[]): History {
  const columns = columnsOf(header)
  const state: State = {
    columns,
    points: [],
    endpoints: new Map(),
    before: NOTHING,
    users: 0,
    last: null,
    full: false,
    back: 0,
    resets: 0,
    beyond: 0,
    unnamed: 0,
  }
  return {
    kind: 'history',
    version: '>= 1.2',
    columns,
    row(fields) {
      const at = timeOf(columns.text(fields, 'Timestamp'))
      const requests = columns.whole(fields, 'Total Request Count')
      const failures = columns.whole(fields, 'Total Failure Count')
      if (at === null || requests === null || failures === null || failures > requests) return false
      const now = {requests, failures, mean: columns.number(fields, 'Total Average Response Time')}
      if (isAggregated(columns, fields)) point(state, fields, at, now)
      else endpoint(state, fields, now)
      return true
    },
    result: () => resultOf(state),
  }
}

function point(state: State, fields: string[], at: number, now: Counters): void {
  const users = state.columns.whole(fields, 'User Count')
  if (now.requests < state.before.requests || now.failures < state.before.failures) {
    state.resets += 1
    state.before = NOTHING
  }
  const difference = differenceOf(state.before, now)
  state.before = now
  state.last = fields
  state.users = Math.max(state.users, users ?? 0)
  const previous = state.points.at(-1)
  if (previous && at < previous.at) state.back += 1
  if (previous && at <= previous.at) merge(previous, difference, users)
  else if (state.points.length < MOST_POINTS) {
    state.points.push({at, users, ...difference, ...percentilesOf(state.columns, fields)})
  } else state.beyond += 1
}

function endpoint(state: State, fields: string[], now: Counters): void {
  const {columns, endpoints} = state
  state.full = true
  const type = columns.text(fields, 'Type')
  const name = columns.text(fields, 'Name')
  const known = endpoints.get(`${type}\0${name}`)
  const p50 = columns.number(fields, 'Total Median Response Time')
  const row = {...now, p50, p95: null, p99: null, max: columns.number(fields, 'Total Max Response Time')}
  if (known) Object.assign(known, row)
  else if (endpoints.size < MOST_ENDPOINTS) {
    endpoints.set(ownKey(type, name), {method: methodOf(columns, fields, 'Type'), name: clip(name), ...row})
  } else state.unnamed += 1
}

function resultOf(state: State): ReturnType<History['result']> {
  const list = endpointList()
  for (const found of state.endpoints.values()) list.add(found)
  const {items, note} = list.end()
  return {
    points: state.points.map(one => currentOnly(one, state.full)),
    total: state.last && totalOf(state, state.last),
    endpoints: items,
    full: state.full,
    reset: state.resets > 0,
    notes: [...notesOf(state), ...(note ? [note] : [])],
  }
}

/** A key that keeps no piece of the file in memory. */
const ownKey = (type: string, name: string) => Buffer.from(`${type}\0${name}`, 'utf8').toString('utf8')

function differenceOf(before: Counters, now: Counters): Counters {
  const requests = now.requests - before.requests
  const sum = (counters: Counters) => (counters.requests === 0 ? 0 : (counters.mean ?? Number.NaN) * counters.requests)
  const mean = (sum(now) - sum(before)) / requests
  return {
    requests,
    failures: now.failures - before.failures,
    mean: requests > 0 && mean >= 0 && Number.isFinite(mean) ? mean : null,
  }
}

/** Two rows of the same second. */
function merge(into: ClientPoint, {requests, failures, mean}: Counters, users: number | null): void {
  const all = into.requests + requests
  if (into.requests === 0) into.mean = mean
  else if (requests > 0) {
    into.mean = into.mean !== null && mean !== null ? (into.mean * into.requests + mean * requests) / all : null
  }
  into.requests = all
  into.failures += failures
  into.users = users ?? into.users
}

const percentilesOf = (columns: Columns, fields: string[]) => ({
  p50: columns.number(fields, '50%'),
  p95: columns.number(fields, '95%'),
  p99: columns.number(fields, '99%'),
})

/** Without --csv-full-history percentiles are those since the beginning; with it, Locust writes 0 when it has none. */
function currentOnly(point: ClientPoint, full: boolean): ClientPoint {
  const none = !full || (point.p50 === 0 && point.p95 === 0 && point.p99 === 0)
  return none ? {...point, p50: null, p95: null, p99: null} : point
}

function totalOf({columns, full, users}: State, fields: string[]): ClientTotals {
  return {
    requests: columns.whole(fields, 'Total Request Count') ?? 0,
    failures: columns.whole(fields, 'Total Failure Count') ?? 0,
    requestsPerSecond: null,
    users,
    mean: columns.number(fields, 'Total Average Response Time'),
    ...(full ? {p95: null, p99: null} : percentilesOf(columns, fields)),
    p50: columns.number(fields, 'Total Median Response Time'),
    max: columns.number(fields, 'Total Max Response Time'),
  }
}

function notesOf(seen: State): string[] {
  const times = (count: number) => (count === 1 ? 'once' : `${number(count)} times`)
  const notes = [
    !seen.full &&
      'The history has percentiles since the beginning only: run Locust with --csv-full-history for those of each second.',
    seen.resets > 0 &&
      `The statistics were reset ${times(seen.resets)} (--reset-stats): totals are those since the last reset.`,
    seen.back > 0 && `The clock of the load generator was set back ${times(seen.back)}: those rows are counted in one.`,
    seen.beyond > 0 && `The history is very long: its last ${number(seen.beyond)} rows are in the totals only.`,
    seen.unnamed > 0 &&
      `The history has more than ${number(MOST_ENDPOINTS)} endpoints: the others are in the totals only.`,
  ]
  return notes.filter(note => note !== false)
}
