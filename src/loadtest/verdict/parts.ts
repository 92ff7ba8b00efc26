import {usageError} from '../../errors.js'
import {number} from '../../units.js'
import type {ClientRun} from '../client.js'
import {estimateSkew, shiftRun} from '../clock.js'
import {type Range, watchedRange} from '../join.js'
import {type Plateau, plateaus} from '../plateaus.js'
import type {Run} from '../record.js'

/** Which part of a run is judged, and why not all of it. */
export type Parts = {
  users: number | null
  /** with the ramp up to these users */
  whole: Range
  /** after it; the whole where no time with constant users is known */
  steady: Range
  /** null: no plateau with so many users */
  plateau: Plateau | null
  /** all of the run, the lower steps included */
  plateaus: Plateau[]
  warnings: string[]
}

/**
 * The part in which the tested number of users was at work. Ends at the first restart of the server. Throws USAGE
 * (exit 2) when the two files have no second in common.
 */
export function partsOf(run: Run, client: ClientRun | null, users: number | null): Parts {
  const watched = watchedRange(run)
  const common = client ? overlapOf(watched, client) : watched
  const points = client?.points.filter(({at}) => at > common.from && at <= common.to) ?? []
  const told = users ?? run.start.users
  const found = client ? plateaus({...client, points}, told) : []
  const tested = told ?? mostUsers(found) ?? client?.total.users ?? null
  const plateau = found.filter(each => each.users === tested).sort((a, b) => lengthOf(b) - lengthOf(a))[0] ?? null
  const before = plateau?.from == null ? [] : found.filter(({to}) => to !== null && to <= plateau.from!)
  const whole = {from: before.at(-1)?.to ?? common.from, to: plateau?.to ?? common.to}
  const clipped = {from: Math.max(common.from, whole.from), to: Math.min(common.to, whole.to)}
  const steady = {from: Math.max(clipped.from, plateau?.from ?? clipped.from), to: clipped.to}
  const hasSteps = client !== null && client.points.length > 0
  return {
    users: tested,
    whole: clipped,
    steady,
    plateau,
    plateaus: found,
    warnings: [
      ...cutWarnings(run, client, watched),
      hasSteps && tested !== null && !plateau
        ? `at no time ${number(tested)} users were constantly at work: the whole time of the load generator is judged`
        : '',
    ].filter(Boolean),
  }
}

const lengthOf = ({from, to}: Plateau) => (from === null || to === null ? 0 : to - from)

const mostUsers = (found: Plateau[]): number | null => {
  const most = Math.max(0, ...found.map(({users}) => users ?? 0))
  return most > 0 ? most : null
}

function cutWarnings(run: Run, client: ClientRun | null, watched: Range): string[] {
  const restart = run.restarts[0]
  const totals =
    client && client.points.length === 0 ? '; the totals of the load generator include what came after it' : ''
  return [
    restart === undefined
      ? ''
      : `the server was restarted at ${stamp(watched.to)}: the run is judged up to then${totals}`,
    client !== null && (client.from === null || client.to === null)
      ? "the load generator's file has no times: it is taken to have run while the database was watched (--from, --to)"
      : '',
  ]
}

function overlapOf(watched: Range, {from, to}: ClientRun): Range {
  if (from === null || to === null) return watched
  const common = {from: Math.max(watched.from, from), to: Math.min(watched.to, to)}
  if (common.from < common.to) return common
  throw usageError(
    `the database was watched from ${rangeText(watched)}, the load generator ran from ${rangeText({from, to})}: no second in common`,
    'give files of the same run, or its times by the clock of the machine that watched: --from and --to',
  )
}

const rangeText = ({from, to}: Range) => `${stamp(from)} to ${stamp(to)}`

export const stamp = (at: number): string => `${new Date(at * 1000).toISOString().slice(0, 19).replace('T', ' ')} UTC`

/** An estimate is good to about this; seconds. */
const SKEW_DOUBT = 2
const SKEW_WARNED = 5

/**
 * The load generator's file by the clock of the machine that watched. A load generator that the watcher started runs
 * by the same clock; so do times that were told.
 */
export function aligned(run: Run, client: ClientRun, isTold: boolean): {client: ClientRun; warnings: string[]} {
  const skew = isTold || run.start.command !== null ? null : estimateSkew(client.points, run.counters)
  if (!skew || Math.abs(skew.seconds) < SKEW_DOUBT) return {client, warnings: []}
  const text = `the load generator's clock is ${number(Math.abs(skew.seconds))} s ${skew.seconds < 0 ? 'ahead of' : 'behind'} the watcher's (estimated from its requests and the commits): applied`
  return {client: shiftRun(client, skew.seconds), warnings: Math.abs(skew.seconds) > SKEW_WARNED ? [text] : []}
}
