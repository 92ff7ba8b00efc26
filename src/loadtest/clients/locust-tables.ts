import type {ClientTotals, Endpoint, Failure} from '../client.js'
import {type Columns, columnsOf, isAggregated, type Table} from './locust-columns.js'
import {clip, countOf, timeOf, top} from './values.js'

export type Stats = Table & {
  /** null: the row `Aggregated` is missing */
  total(): ClientTotals | null
  sums: {requests: number; failures: number; endpoints: number}
  endpoints: ReturnType<typeof endpointList>
}

export const endpointList = () => top<Endpoint>('endpoints', 'requests', ({requests}) => requests)

const percentiles = (columns: Columns, fields: string[]) => ({
  p50: columns.number(fields, '50%'),
  p95: columns.number(fields, '95%'),
  p99: columns.number(fields, '99%'),
})

/** PREFIX_stats.csv: one row per endpoint, and one of all. */
export function statsTable(header: string[]): Stats {
  const columns = columnsOf(header)
  const endpoints = endpointList()
  const sums = {requests: 0, failures: 0, endpoints: 0}
  let total: ClientTotals | null = null
  return {
    kind: 'stats',
    version: columns.has('99.999%') ? '1.1' : '>= 1.2',
    columns,
    sums,
    endpoints,
    total: () => total,
    row(fields) {
      const requests = columns.whole(fields, 'Request Count')
      const failures = columns.whole(fields, 'Failure Count')
      // The file is written over in place: what follows the last row is left from an earlier, longer state.
      if (total || requests === null || failures === null || failures > requests) return false
      const row = {
        requests,
        failures,
        mean: columns.number(fields, 'Average Response Time'),
        max: columns.number(fields, 'Max Response Time'),
        ...percentiles(columns, fields),
      }
      if (isAggregated(columns, fields)) {
        total = {...row, requestsPerSecond: columns.number(fields, 'Requests/s'), users: null}
      } else {
        endpoints.add({method: methodOf(columns, fields, 'Type'), name: clip(columns.text(fields, 'Name')), ...row})
        sums.requests += requests
        sums.failures += failures
        sums.endpoints += 1
      }
      return true
    },
  }
}

export const methodOf = (columns: Columns, fields: string[], name: string): string | null =>
  clip(columns.text(fields, name)) || null

export type Failures = Table & {failures: ReturnType<typeof failureList>; count(): number}

export const failureList = () => top<Failure>('kinds of failures', 'occurrences', ({count}) => count)

/** PREFIX_failures.csv */
export function failuresTable(header: string[]): Failures {
  const columns = columnsOf(header)
  const failures = failureList()
  let sum = 0
  return {
    kind: 'failures',
    version: columns.has('First Seen') ? '>= 2.44' : '< 2.44',
    columns,
    failures,
    count: () => sum,
    row(fields) {
      const count = columns.whole(fields, 'Occurrences')
      if (count === null) return false
      sum += count
      failures.add({
        method: methodOf(columns, fields, 'Method'),
        name: clip(columns.text(fields, 'Name')),
        error: clip(columns.text(fields, 'Error')),
        count,
        first: timeOf(columns.text(fields, 'First Seen')),
        last: timeOf(columns.text(fields, 'Last Seen')),
      })
      return true
    },
  }
}

export type Exceptions = Table & {exceptions: ReturnType<typeof exceptionList>}

const exceptionList = () =>
  top<{message: string; count: number}>('kinds of exceptions', 'occurrences', ({count}) => count)

/** PREFIX_exceptions.csv: errors of the load script itself. */
export function exceptionsTable(header: string[]): Exceptions {
  const columns = columnsOf(header)
  const exceptions = exceptionList()
  return {
    kind: 'exceptions',
    version: '>= 1.4.2',
    columns,
    exceptions,
    row(fields) {
      const count = countOf(columns.text(fields, 'Count'))
      if (count === null) return false
      exceptions.add({message: clip(columns.text(fields, 'Message')), count})
      return true
    },
  }
}
