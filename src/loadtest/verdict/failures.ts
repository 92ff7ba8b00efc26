import {number} from '../../units.js'
import type {Failure} from '../client.js'
import type {Facts} from './facts.js'
import {isClientError, isClientTimeout, meaningOf} from './messages.js'
import {type Incident, incidentIn, type Moment, momentsOf} from './moments.js'
import {areAllInUse, MATERIAL_PERCENT, shareDuring, shareText} from './share.js'
import type {FailureGroup, Failures} from './types.js'

/** Whether the database explains the failures, one request and error at a time; most first. */
export function failuresOf(facts: Facts): Failures {
  const moments = momentsOf(facts)
  const groups = failuresOfClient(facts).map(failure => groupOf(failure, facts, moments))
  const count = (verdict: FailureGroup['verdict']) =>
    groups.reduce((sum, group) => sum + (group.verdict === verdict ? group.count : 0), 0)
  const sorted = groups.sort((a, b) => b.count - a.count || (a.request + a.error < b.request + b.error ? -1 : 1))
  return {
    total: facts.client?.total.failures ?? null,
    explained: count('explained'),
    notTheDatabase: count('not the database'),
    cannotTell: count('cannot tell'),
    groups: sorted,
  }
}

/** Those that are named; what the format counts without naming it, by request, then the rest. */
function failuresOfClient({client}: Facts): Failure[] {
  if (!client) return []
  const unnamed = {error: 'error not told', first: null, last: null}
  const byRequest = client.endpoints
    .filter(({failures}) => failures > 0)
    .map(({method, name, failures}) => ({...unnamed, method, name, count: failures}))
  const known = client.failures.length > 0 ? client.failures : byRequest
  const rest = (client.total.failures ?? 0) - known.reduce((sum, {count}) => sum + count, 0)
  return rest > 0 ? [...known, {...unnamed, method: null, name: 'requests not told', count: rest}] : known
}

type Judged = Pick<FailureGroup, 'verdict' | 'cause' | 'reason' | 'confidence'>

function groupOf(failure: Failure, facts: Facts, moments: Moment[]): FailureGroup {
  const {method, name, error, count} = failure
  const endpoint = facts.client?.endpoints.find(each => each.name === name && each.method === method)
  return {
    request: method ? `${method} ${name}` : name,
    error,
    count,
    requests: endpoint?.requests ?? null,
    ...(byMessage(error) ?? bySeconds(failure, facts, moments)),
  }
}

function byMessage(error: string): Judged | null {
  const meaning = meaningOf(error)
  if (!meaning) return null
  const {what, cause, isDatabase} = meaning
  const verdict = isDatabase ? 'explained' : 'not the database'
  return {
    verdict,
    cause: isDatabase ? cause : 'NOT_THE_DATABASE',
    reason: `its message: ${what}`,
    confidence: 'measured',
  }
}

/** What the database did in the seconds of these failures. */
function bySeconds(failure: Failure, facts: Facts, moments: Moment[]): Judged {
  const failing = moments.filter(moment => moment.point.failures > 0 && isWithin(moment, failure))
  if (failing.length === 0) return withoutSeconds(failure, facts, moments)
  const weight = (some: Moment[]) => some.reduce((sum, {point}) => sum + point.failures, 0)
  const seen = weight(failing.filter(({isWatched}) => isWatched)) / weight(failing)
  if (seen < MOST) return cannotTell('the database was not watched in those seconds')
  const hit = failing.filter(({incident}) => incident !== null)
  const share = weight(hit) / weight(failing)
  if (share >= MOST) return byIncident(mostFrequent(hit), share, isTypical(moments, share))
  return byShare(failure, facts, failing, hit)
}

/** Half of the failures make it more than chance. */
const MOST = 0.5
/** An incident that is as frequent while nothing fails explains nothing. */
const LIFT = 2
/** With fewer intervals without failures than these, there is nothing to compare with. */
const LEAST_QUIET_SHARE = 0.2

const isWithin = ({from, to}: Moment, {first, last}: Failure) =>
  (first === null || to >= first - 1) && (last === null || from <= last + 1)

/** Whether the incident tells failing seconds from those without failures. */
function isTypical(moments: Moment[], share: number): boolean {
  const quiet = moments.filter(({point, isWatched}) => point.failures === 0 && isWatched)
  if (quiet.length < LEAST_QUIET_SHARE * moments.length) return true
  return quiet.filter(({incident}) => incident !== null).length / quiet.length <= share / LIFT
}

function mostFrequent(hit: Moment[]): Incident {
  const counts = new Map<string, number>()
  for (const {incident, point} of hit) counts.set(incident!.what, (counts.get(incident!.what) ?? 0) + point.failures)
  const [what] = [...counts].sort((a, b) => b[1] - a[1])[0]!
  return hit.find(({incident}) => incident!.what === what)!.incident!
}

function byIncident({what, cause}: Incident, share: number, typical: boolean): Judged {
  const seconds = `in the seconds of ${number(Math.round(share * 100))} % of them: ${what}`
  if (!typical) return cannotTell(`${seconds}; but as often in seconds without failures. The server's log tells`)
  return {verdict: 'explained', cause, reason: seconds, confidence: 'estimated'}
}

function byShare({error}: Failure, facts: Facts, failing: Moment[], hit: Moment[]): Judged {
  const share = shareDuring(facts, failing)
  const refused =
    hit.length === 0 ? refusalsText(facts) : `in ${hit.length} of ${failing.length} intervals ${hit[0]!.incident!.what}`
  return byNumbers(error, share, facts, refused, 'in those seconds')
}

/** No interval is known: only a run in which nothing happened at all can clear the database. */
function withoutSeconds({error}: Failure, facts: Facts, moments: Moment[]): Judged {
  const {client, run, whole} = facts
  if (moments.length > 0)
    return cannotTell('none of the intervals in the file has failures while the database was watched')
  if (client?.from === null && client.points.length === 0) return cannotTell('the file does not tell when it ran')
  if (run.activity.length === 0) return cannotTell('the database was not watched meanwhile')
  const incident = incidentIn(facts, whole)
  if (incident) return cannotTell(`the file does not tell when they happened; ${incident.what} during the run`)
  return byNumbers(error, facts.share, facts, refusalsText(facts), 'in the whole run')
}

function byNumbers(error: string, share: Facts['share'], facts: Facts, refused: string, when: string): Judged {
  const status = isClientError(error)
  const numbers = `${refused}${share ? `, ${shareText(share)}` : ''} ${when}`
  if (status) return innocent(`HTTP ${status} is the application's own answer; ${numbers}`)
  if (!share) return cannotTell(`${numbers}; the latency of the requests is not known`)
  if (areAllInUse(facts)) return cannotTell(`${numbers}; but ${heldText(facts)}, so requests may have waited for one`)
  if (share.percent < MATERIAL_PERCENT) return innocent(numbers)
  if (isClientTimeout(error) && share.percent >= MOST * 100) {
    return {
      verdict: 'explained',
      cause: null,
      reason: `it waited for the database: ${numbers}`,
      confidence: 'estimated',
    }
  }
  return cannotTell(`${numbers}: too much to clear it, and nothing that fails a request`)
}

function heldText({sessions}: Facts): string {
  const isHeld = sessions !== null && sessions.idleInTransaction > sessions.active
  return `all its connections were in use${isHeld ? ', most of them idle in a transaction' : ''}`
}

function refusalsText({run, connections}: Facts): string {
  const refusals = `${number(run.refusals.length)} connection refusals`
  return connections ? `${refusals}, at most ${connections.peak} of ${connections.usable} connections` : refusals
}

const cannotTell = (reason: string): Judged => ({verdict: 'cannot tell', cause: null, reason, confidence: 'assumed'})
const innocent = (reason: string): Judged => ({
  verdict: 'not the database',
  cause: 'NOT_THE_DATABASE',
  reason,
  confidence: 'measured',
})
