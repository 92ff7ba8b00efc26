import {number} from '../../units.js'
import type {ClientOptions, ClientPoint, ClientTotals} from '../client.js'

/** Locust writes the history to disk each 10 s, and not at its end: that much, and the second before, may be missing. */
const UNWRITTEN = 12
/** Requests of a moment between the writing of one file and of the other. */
const MOMENT = 100

export type Times = {from: number | null; to: number | null; points: ClientPoint[]; notes: string[]}

/**
 * When a run was: from the history, whose last seconds Locust does not write; how long it really was follows from the
 * requests and the requests per second of _stats.csv. `total` is null without that file, `reset`: the statistics were
 * reset in between, so that they say nothing of the whole run.
 */
export function timesOf(
  points: ClientPoint[],
  total: ClientTotals | null,
  reset: boolean,
  options: ClientOptions,
): Times {
  const range = busyRange(points)
  if (!range) return told(points, total, options)
  const written = points.reduce((sum, {requests}) => sum + requests, 0)
  if (!total || reset) return {...range, points, notes: []}
  const missing = total.requests - written
  const end = range.from + durationOf(total)
  const apart = Math.abs(missing) > MOMENT && Math.abs(missing) > 0.1 * Math.max(total.requests, written)
  if (apart && (missing < 0 || end - range.to > UNWRITTEN)) return {...range, points, notes: [otherRun(total, written)]}
  if (missing <= 0 || end <= range.to) return {...range, points, notes: []}
  const notes = [
    `The history lacks the last ${number(missing)} requests: Locust writes it each 10 s only (CSV_STATS_FLUSH_INTERVAL_SEC).`,
  ]
  return {from: range.from, to: Math.min(end, range.to + UNWRITTEN), points, notes}
}

/** The web interface writes rows before the first and after the last user too: they do not belong to the run. */
function busyRange(points: ClientPoint[]): {from: number; to: number} | null {
  const busy = ({users, requests}: ClientPoint) => requests > 0 || (users ?? 0) > 0
  const first = points.findIndex(busy)
  return first < 0 ? null : {from: (points[first - 1] ?? points[first]!).at, to: points.findLast(busy)!.at}
}

/** A history of idle rows only is that of a run that ended before it was written: it began after the last of them. */
function told(points: ClientPoint[], total: ClientTotals | null, {from = null, to = null}: ClientOptions): Times {
  const began = points.at(-1)?.at
  if (began !== undefined && total && total.requests > 0 && durationOf(total) > 0) {
    const notes = [
      'The run was too short for a history, which Locust writes each 10 s only (CSV_STATS_FLUSH_INTERVAL_SEC): there are no seconds, only totals.',
    ]
    return {from: began, to: began + durationOf(total), points: [], notes}
  }
  const unknown = from === null || to === null
  return {from, to, points, notes: unknown ? ['When the run was is unknown: tell it with --from and --to.'] : []}
}

const durationOf = ({requests, requestsPerSecond}: ClientTotals) =>
  requestsPerSecond ? Math.ceil(requests / requestsPerSecond) : 0

const otherRun = ({requests}: ClientTotals, written: number) =>
  `stats counts ${number(requests)} requests, stats_history ${number(written)}: are they of the same run?`
