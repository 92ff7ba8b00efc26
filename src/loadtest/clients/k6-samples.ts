import {number} from '../../units.js'
import type {ClientPoint, ClientTotals, Endpoint, Failure} from '../client.js'
import {type Histogram, histogram, percentilesOf} from './histogram.js'
import {type Counts, newSeconds, type Seconds} from './k6-seconds.js'
import {endpointList, failureList} from './locust-tables.js'
import {clip} from './values.js'

/** Tags of a request; `code` is k6's error code. */
export type Tags = {method?: string; name?: string; url?: string; status?: string; error?: string; code?: string}

export type Samples = {
  /** One sample of one metric. An empty metric: a line that could not be read; null: so could not its time or value. */
  add(metric: string, at: number | null, value: number | null, tags: Tags): void
  end(): SampleRun
}

export type SampleRun = {
  from: number | null
  to: number | null
  total: ClientTotals
  points: ClientPoint[]
  endpoints: Endpoint[]
  failures: Failure[]
  notes: string[]
}

const MOST_KEYS = 5000
const READ = new Set(['', 'http_reqs', 'http_req_duration', 'http_req_failed', 'vus'])

type Group = Counts & {method: string | null; name: string; latencies: Histogram}

type State = {
  seconds: Seconds
  groups: Map<string, Group>
  failures: Map<string, Failure>
  all: Group
  users: number | null
  /** the metric http_req_failed is there */
  failed: boolean
  /** what could not be read, came too late, or is too much */
  malformed: number
  late: number
  ungrouped: number
  unlisted: number
  beyond: number
}

/** Gathers the samples of k6 into seconds and endpoints, in memory that does not grow with the number of requests. */
export function sampleCollector(): Samples {
  const state: State = {
    seconds: newSeconds(),
    groups: new Map(),
    failures: new Map(),
    all: newGroup({}),
    users: null,
    failed: false,
    malformed: 0,
    late: 0,
    ungrouped: 0,
    unlisted: 0,
    beyond: 0,
  }
  return {
    add(metric, at, value, tags) {
      if (!READ.has(metric)) return
      if (metric === '' || at === null || value === null) state.malformed += 1
      else if (metric === 'http_reqs') request(state, at, tags)
      else if (metric === 'http_req_duration') latency(state, at, value, tags)
      else if (metric === 'http_req_failed') {
        state.failed = true
        if (value > 0) failure(state, at, tags)
      } else if (metric === 'vus') {
        const second = state.seconds.of(at)
        if (second) second.users = value
        state.users = Math.max(state.users ?? 0, value)
      }
    },
    end: () => resultOf(state),
  }
}

function groupOf({groups}: State, tags: Tags): Group | null {
  const key = keyOf(tags)
  const known = groups.get(key)
  if (known || groups.size >= MOST_KEYS) return known ?? null
  const group = newGroup(tags)
  groups.set(copy(key), group)
  return group
}

const keyOf = ({method, name, url}: Tags) => `${method ?? ''}\0${name || url || ''}`

/** A part of a piece of the file would keep the whole piece in memory. */
const copy = (key: string) => Buffer.from(key, 'utf8').toString('utf8')

const newGroup = ({method, name, url}: Tags): Group => ({
  method: clip(method ?? '') || null,
  name: clip(name || url || ''),
  requests: 0,
  failures: 0,
  unexpected: 0,
  latencies: histogram(),
})

function request(state: State, at: number, tags: Tags): void {
  const second = state.seconds.of(at)
  const group = groupOf(state, tags)
  if (!second) state.beyond += 1
  if (!group) state.ungrouped += 1
  const unexpected = Number(tags.status) >= 400 || tags.status === '0' || Boolean(tags.code || tags.error)
  for (const one of [second, group, state.all]) {
    if (!one) continue
    one.requests += 1
    if (unexpected) one.unexpected += 1
  }
}

function latency(state: State, at: number, value: number, tags: Tags): void {
  const second = state.seconds.of(at)
  if (second?.latencies) second.latencies.add(value)
  else if (second) state.late += 1
  groupOf(state, tags)?.latencies.add(value)
  state.all.latencies.add(value)
}

function failure(state: State, at: number, tags: Tags): void {
  for (const one of [state.seconds.of(at), groupOf(state, tags), state.all]) if (one) one.failures += 1
  const error = errorOf(tags)
  const key = `${keyOf(tags)}\0${error}`
  const known = state.failures.get(key)
  if (known) {
    known.count += 1
    known.first = Math.min(known.first!, at)
    known.last = Math.max(known.last!, at)
  } else if (state.failures.size < MOST_KEYS) {
    const {method, name} = newGroup(tags)
    state.failures.set(copy(key), {method, name, error: clip(error), count: 1, first: at, last: at})
  } else state.unlisted += 1
}

function errorOf({error, status, code}: Tags): string {
  if (error) return error
  if (status && status !== '0') return `HTTP ${status}`
  return code ? `k6 error ${code}` : 'failed'
}

function resultOf(state: State): SampleRun {
  // A file that was tampered with may lack the request of a failure.
  const failed = (counts: Counts) => Math.min(counts.requests, state.failed ? counts.failures : counts.unexpected)
  const statistics = (group: Group) => ({
    requests: group.requests,
    failures: failed(group),
    ...percentilesOf(group.latencies),
    max: group.latencies.max(),
  })
  const endpointsAll = endpointList()
  for (const group of state.groups.values()) {
    endpointsAll.add({method: group.method, name: group.name, ...statistics(group)})
  }
  const failuresAll = failureList()
  for (const one of state.failures.values()) failuresAll.add(one)
  const [endpoints, failures] = [endpointsAll.end(), failuresAll.end()]
  const range = state.seconds.range()
  const requestsPerSecond = range && state.all.requests / (range.to - range.from)
  return {
    from: range?.from ?? null,
    to: range?.to ?? null,
    total: {...statistics(state.all), requestsPerSecond, users: state.users},
    points: state.seconds.points(failed),
    endpoints: endpoints.items,
    failures: failures.items,
    notes: [...notesOf(state), ...[endpoints.note, failures.note].filter(note => note !== null)],
  }
}

function notesOf({malformed, late, ungrouped, unlisted, beyond, failed, all}: State): string[] {
  const notes: [boolean, string][] = [
    [malformed > 0, `${number(malformed)} samples make no sense: left out.`],
    [late > 0, `${number(late)} latencies came more than a minute late: they are in the totals only.`],
    [
      ungrouped > 0,
      `There are more than ${number(MOST_KEYS)} endpoints (give requests a name tag): ${number(ungrouped)} requests are in the totals only.`,
    ],
    [unlisted > 0, `${number(unlisted)} failures are counted, but not listed: there are too many kinds.`],
    [beyond > 0, `The run is very long: ${number(beyond)} requests are in the totals only.`],
    [
      !failed && all.requests > 0,
      'There is no metric http_req_failed: failures are responses of status 400 and above, and requests without one.',
    ],
  ]
  return notes.filter(([applies]) => applies).map(([, note]) => note)
}
