import {milliseconds, number} from '../units.js'
import type {Collected, Totals} from './collector.js'
import type {FileReport} from './report.js'
import {MAX_STATEMENTS, type Statement} from './statements.js'

/** Fewer statements are no workload. */
const MIN_STATEMENTS = 50
/** When even the shortest statement takes that long, the others were left out. */
const FILTERED_MS = 1
const FILTERED_STATEMENTS = 20
/** Statements that follow their like from another session: with as many from the same one it is mere concurrency. */
const SPREAD_SHARE = 0.2
const SPREAD_RATIO = 5
const CROWDED = 1000
const SETTING = 'log_min_duration_statement = 0 (or log_statement = all)'

/** What this log cannot show. `blocking`: without an N+1 it must not be called clean. */
export function limitsOf(
  {totals, requests, statements}: Collected,
  files: FileReport[],
): {blocking: boolean; limits: string[]} {
  if (totals.statements === 0) return {blocking: true, limits: [noStatements(files)]}
  const blocking = [sessionLimit(totals), filterLimit(totals), spreadLimit(totals), sizeLimit(totals), fileLimit(files)]
  const weakening = [
    varietyLimit(statements),
    timeLimit(totals, files),
    pauseLimit(totals, requests),
    durationLimit(totals),
  ]
  const told = (texts: (string | null)[]) => texts.filter(text => text !== null)
  return {blocking: told(blocking).length > 0, limits: told([...blocking, ...weakening])}
}

function noStatements(files: FileReport[]): string {
  const unread = files.filter(({lines, malformed}) => lines > 0 && malformed > lines / 2)
  if (unread.length > 0) {
    return `Most lines could not be read (${unread.map(({name}) => name).join(', ')}): give the setting log_line_prefix with --prefix; messages must be English (lc_messages = 'C').`
  }
  return `No statement was logged: set ${SETTING} and reload; messages must be English (lc_messages = 'C').`
}

function sessionLimit({withoutSession, statements}: Totals): string | null {
  if (withoutSession === 0) return null
  const lines = withoutSession === statements ? 'The lines' : `${number(withoutSession)} statements`
  return `${lines} carry no session, so that the statements of all clients are mixed: set log_line_prefix = '%m [%p] ' (or with %c), or log_destination = 'jsonlog', and reload.`
}

function filterLimit({timed, shortestMs}: Totals): string | null {
  if (timed < FILTERED_STATEMENTS || shortestMs < FILTERED_MS) return null
  return `No statement is shorter than ${milliseconds(shortestMs)}: the log looks filtered by log_min_duration_statement, and the calls of an N+1 are short. Set it to 0 for a while.`
}

function spreadLimit({repeatsAcross, repeatsWithin, statements}: Totals): string | null {
  if (repeatsAcross < SPREAD_SHARE * statements || repeatsAcross < SPREAD_RATIO * repeatsWithin) return null
  return `The same look-ups follow each other from different sessions (${number(repeatsAcross)} times, ${number(repeatsWithin)} times from the same): a pooler in transaction mode seems to spread each request over many backends. Use: ahsp-db check --window 30s`
}

const sizeLimit = ({statements}: Totals): string | null =>
  statements < MIN_STATEMENTS ? `Only ${number(statements)} statements were logged: too few to call it clean.` : null

function fileLimit(files: FileReport[]): string | null {
  const broken = files.filter(({problem}) => problem !== undefined)
  const lost = files.filter(({lines, malformed}) => malformed > lines / 2)
  if (broken.length === 0 && lost.length === 0) return null
  return [
    ...broken.map(({name, problem}) => `${name}: ${problem}.`),
    ...lost.map(({name}) => `${name}: most of its lines could not be read; give the setting with --prefix.`),
  ].join(' ')
}

function varietyLimit([others]: Statement[]): string | null {
  if (!others || others.calls === 0) return null
  return `There are more than ${number(MAX_STATEMENTS)} different statements; ${number(others.calls)} executions of further ones were not told apart.`
}

function timeLimit({withoutTime, statements}: Totals, files: FileReport[]): string | null {
  if (withoutTime === statements)
    return 'The lines carry no time, so that requests are told apart by transactions only: use %m.'
  const coarse = files.some(({prefix}) => prefix?.includes('%t') && !/%[mn]/.test(prefix))
  return coarse
    ? 'The times have whole seconds: requests within one second are taken for one, and loops are cut where it ends. Use %m, not %t.'
    : null
}

function pauseLimit({statements, withoutSession, sessions}: Totals, requests: Collected['requests']): string | null {
  if (withoutSession === statements) return null
  const count = [...requests.shapes()].reduce((sum, shape) => sum + shape.count, 0)
  if (statements < CROWDED * Math.max(1, count) || sessions === 0) return null
  return 'The sessions hardly ever pause: requests that follow each other cannot be told apart. A smaller --gap may help.'
}

function durationLimit({timed, statements}: Totals): string | null {
  if (timed > statements / 2) return null
  return timed === 0
    ? 'The log has no durations: costs are counted in statements. With log_min_duration_statement = 0 they are timed.'
    : `Only ${number(timed)} of ${number(statements)} statements have a duration.`
}
