import type {ClientPoint} from '../client.js'
import {type Facts, firstAt, fullness, isServers, type Seconds, within} from './facts.js'
import {meaningOf} from './messages.js'
import type {CauseId} from './types.js'

/** An interval of the load generator, and what happened to the database meanwhile. */
export type Moment = Seconds & {point: ClientPoint; incident: Incident | null; isWatched: boolean}

/** Something that can fail a request, seen at the database; `cause` null: it was down, or slow in some other way. */
export type Incident = {what: string; cause: CauseId | null}

/** From this share of the usable connections on, the server counts as full. */
export const FULL_PERCENT = 95

/** Both sides write down about once a second, each at its own moment. */
const SLACK_SECONDS = 1

/** Each interval of the load generator's file with what the watcher saw in the same seconds. */
export function momentsOf(facts: Facts): Moment[] {
  const points = facts.client?.points ?? []
  return points.flatMap((point, index) => {
    const from = points[index - 1]?.at ?? point.at - 1
    if (point.at < facts.whole.from || point.at > facts.whole.to + SLACK_SECONDS) return []
    const span = {from, to: point.at}
    return [{...span, point, incident: incidentIn(facts, span), isWatched: isWatched(facts, span)}]
  })
}

const widened = ({from, to}: Seconds): Seconds => ({from: from - SLACK_SECONDS, to: to + SLACK_SECONDS})

const isWatched = ({run}: Facts, span: Seconds): boolean =>
  within(run.activity, widened(span)).length > 0 || within(run.refusals, widened(span)).length > 0

/** The worst thing that happened: a refusal says most, a full server least. */
export function incidentIn({run, connections}: Facts, span: Seconds): Incident | null {
  const near = widened(span)
  const refusals = within(run.refusals, near)
  const told = refusals.map(({message, sqlstate}) => meaningOf(message, sqlstate)).find(each => each?.isDatabase)
  if (told) return {what: told.what, cause: told.cause}
  if (refusals.some(isServers)) return {what: 'the server did not answer', cause: null}
  const limited = within(run.pools, near).some(
    ({usedClients, maxClientConn}) => usedClients !== null && maxClientConn !== null && usedClients >= maxClientConn,
  )
  if (limited) return {what: 'PgBouncer had all the clients that it takes', cause: 'CLIENT_LIMIT'}
  if (hasDeadlock(run.counters, span)) return {what: 'a deadlock', cause: 'LOCKS'}
  const usable = connections?.usable
  const full = usable !== undefined && within(run.activity, near).some(each => fullness(each, usable) >= FULL_PERCENT)
  return full ? {what: `${FULL_PERCENT} % of the usable connections were taken`, cause: 'CONNECTIONS_EXHAUSTED'} : null
}

/** Counters are read each few seconds: from the last before these seconds to the first after them. */
function hasDeadlock(counters: Facts['run']['counters'], {from, to}: Seconds): boolean {
  const before = counters[firstAt(counters, at => at >= from) - 1] ?? counters[0]
  const after = counters[firstAt(counters, at => at >= to)] ?? counters.at(-1)
  return before !== undefined && after !== undefined && after.deadlocks > before.deadlocks
}
