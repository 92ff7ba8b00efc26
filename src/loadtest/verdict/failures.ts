import {number} from '../../units.js'
import type {Failure} from '../client.js'
import type {Facts} from './facts.js'
import {isClientError, isClientTimeout, meaningOf} from './messages.js'
import {type Incident, incidentIn} from './moments.js'
import {type SecondsOf, secondsOf} from './seconds.js'
import {areAllInUse, MATERIAL_PERCENT, shareText} from './share.js'
import type {FailureGroup, Failures} from './types.js'

/** Whether the database explains the failures, one request and error at a time; most first. */
export function failuresOf(facts: Facts): Failures {
  const seconds = secondsOf(facts)
  const groups = failuresOfClient(facts).map(failure => groupOf(failure, facts, seconds))
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

function groupOf(failure: Failure, facts: Facts, seconds: ReturnType<typeof secondsOf>): FailureGroup {
  const {method, name, error, count} = failure
  const endpoint = facts.client?.endpoints.find(each => each.name === name && each.method === method)
  return {
    request: method ? `${method} ${name}` : name,
    error,
    count,
    requests: endpoint?.requests ?? null,
    ...(byMessage(error) ?? bySeconds(failure, facts, seconds)),
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
function bySeconds(failure: Failure, facts: Facts, seconds: (failure: Failure) => SecondsOf | null): Judged {
  const found = seconds(failure)
  if (!found) return withoutSeconds(failure, facts)
  const {watched, incident, hit, isTypical, share, intervals} = found
  if (watched < MOST) return cannotTell('the database was not watched in those seconds')
  if (incident && hit >= MOST) return byIncident(incident, hit, isTypical)
  const refused = incident ? `in ${intervals.hit} of ${intervals.all} intervals ${incident.what}` : refusalsText(facts)
  return byNumbers(failure.error, share, facts, refused, 'in those seconds')
}

/** Half of the failures make it more than chance. */
const MOST = 0.5

function byIncident({what, cause}: Incident, hit: number, typical: boolean): Judged {
  const seconds = `in the seconds of ${number(Math.round(hit * 100))} % of them: ${what}`
  if (!typical) return cannotTell(`${seconds}; but as often in seconds without failures. The server's log tells`)
  return {verdict: 'explained', cause, reason: seconds, confidence: 'estimated'}
}

/** No interval is known: only a run in which nothing happened at all can clear the database. */
function withoutSeconds({error}: Failure, facts: Facts): Judged {
  const {client, run, whole} = facts
  if ((client?.points.length ?? 0) > 0)
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
