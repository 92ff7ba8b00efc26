import {number} from '../../units.js'
import type {Case, Cause, CauseVerdict} from './cause.js'
import {causes} from './causes/index.js'
import {findingsFor} from './facts.js'
import {areMostlyOthers, isMaterial} from './share.js'
import type {CauseReport, LoadVerdict} from './types.js'

type Judged = {cause: Cause; verdict: Exclude<CauseVerdict, {cannotJudge: string}>}

const RANKS = ['primary', 'secondary', 'tertiary'] as const

/**
 * All causes that fire, what harms requests before what only looks alarming; within these in the order in which they
 * are believed. A healthy run has none, but a nearest limit.
 */
export function bottleneckOf(given: Case): LoadVerdict['bottleneck'] {
  const checked = causes.map(cause => ({cause, verdict: cause.check(given)}))
  const judged = checked.filter((each): each is Judged => 'reached' in each.verdict)
  const unjudged = checked.flatMap(({cause: {id}, verdict}) =>
    'cannotJudge' in verdict ? [{id, why: verdict.cannotJudge}] : [],
  )
  if (given.isHealthy) return {summary: nearest(judged), causes: [], unjudged}
  const isMaterialFor = ({verdict}: Judged) => verdict.isMaterial ?? isMaterial(given.facts) !== false
  const firing = judged.filter(({verdict}) => verdict.fires)
  const leads = (each: Judged) =>
    !given.isSlow && each.cause.id === 'NOT_THE_DATABASE' && areMostlyOthers(given.failures)
  const weight = (each: Judged) => (leads(each) ? 2 : isMaterialFor(each) ? 1 : 0)
  const found = [...firing]
    .sort((a, b) => weight(b) - weight(a))
    .map(besideLoops)
    .map((each, at) => reportOf(each, RANKS[at] ?? 'further', isMaterialFor(each), given))
  const [first] = found
  return {
    summary: first ? summaryOf(first) : `no cause was found; ${nearest(judged)}`,
    causes: found,
    unjudged,
  }
}

/** Round trips are time outside the database, too: said, or the two causes read as a contradiction. */
function besideLoops(each: Judged, at: number, all: Judged[]): Judged {
  const loops = all.findIndex(({cause}) => cause.id === 'N_PLUS_ONE')
  if (each.cause.id !== 'NOT_THE_DATABASE' || loops === -1 || loops > at) return each
  const {cause, verdict} = each
  return {
    cause: {...cause, title: `${cause.title}, the round trips of the N+1 loops among it`},
    verdict: {...verdict, look: [ROUND_TRIPS, ...verdict.look]},
  }
}

const ROUND_TRIPS =
  'Each query of a loop is a round trip that the database does not see: it waits for the next query meanwhile. Mend ' +
  'the loops first, then measure what is left.'

function reportOf(
  {cause, verdict}: Judged,
  rank: CauseReport['rank'],
  isMaterial: boolean,
  {facts}: Case,
): CauseReport {
  const {id, title, rules} = cause
  const {summary, confidence, evidence, look} = verdict
  return {id, title, rank, summary, isMaterial, confidence, evidence, look, findings: findingsFor(facts, rules)}
}

const summaryOf = ({id, title, isMaterial, summary}: CauseReport) =>
  isMaterial ? `${id}: ${title}: ${summary}` : `nothing that harms requests was found; ${id} was reached: ${summary}`

/** How near the closest of the limits is, in its own words. */
function nearest(judged: Judged[]): string {
  const [first] = judged
    .filter(({cause, verdict}) => cause.id !== 'NOT_THE_DATABASE' && verdict.reached > 0)
    .sort((a, b) => b.verdict.reached - a.verdict.reached)
  if (!first) return 'none was reached; no limit is near'
  const {cause, verdict} = first
  const percent = number(Math.round(verdict.reached * 100))
  return `none was reached; the nearest is ${cause.id}, at ${percent} % of its limit: ${verdict.summary}`
}
