import {number} from '../units.js'
import {type Cases, connectionsAt, type Estimate, MAX_EXTRAPOLATION, p95At} from './estimates.js'
import {ACTIVE_PER_CORE, type Limits} from './limits.js'
import {isMeasured, type Model, modelOf} from './model.js'
import {outcomeAt} from './outcome.js'
import type {LadderStep} from './steps.js'

/** The fewest users at which a link does not carry its load any more. */
export type LinkBreak = {
  link: 'pool' | 'connections' | 'cores' | 'p95'
  title: string
  /** what is exceeded there: `10 ms of waiting for one of 8 connections` */
  limit: string
  users: number
  low: number
  /** null: at worst it breaks there, at best not within what may be told */
  high: number | null
  /** measured: a step that was run broke it */
  known: 'measured' | 'estimated' | 'assumed'
}

export type Breaking = {
  /** null: none breaks up to `searchedTo` */
  first: LinkBreak | null
  links: LinkBreak[]
  /** 2.5 times the last step's users; 0: nothing was measured */
  searchedTo: number
}

/** The number of users at which the first link breaks, from the steps that were run. Pure. */
export function breakingUsers(steps: readonly LadderStep[], limits: Limits): Breaking {
  const last = Math.max(0, ...steps.filter(isMeasured).map(({users}) => users))
  const searchedTo = Math.floor(MAX_EXTRAPOLATION * last)
  const links = linksOver(steps, limits, searchedTo)
  return {first: firstLink(links), links, searchedTo}
}

/** Of several, the one that breaks at the fewest users. */
export const firstLink = (links: readonly LinkBreak[]): LinkBreak | null => links[0] ?? null

/** Links that break at `most` users or fewer, first one first. */
export function linksOver(steps: readonly LadderStep[], limits: Limits, most: number): LinkBreak[] {
  const model = modelOf(steps, limits)
  if (!model) return []
  return testsOf(steps, model, limits)
    .flatMap(test => breakOf(test, steps, model, most))
    .sort((a, b) => a.users - b.users)
}

type Test = Pick<LinkBreak, 'link' | 'title' | 'limit'> & {
  isOver: (users: number, cases: Cases) => boolean
  /** whether a step that was run was over it; null: not measured */
  wasOver: (step: LadderStep) => boolean | null
}

const over = (value: number | null | undefined, limit: number) => (value == null ? null : value > limit)

function testsOf(steps: readonly LadderStep[], model: Model, limits: Limits): Test[] {
  const {usable, cores, p95Ms} = limits
  const at = (users: number, cases: Cases) => outcomeAt(model, limits, users, cases)
  const tests: (Test | null)[] = [
    poolTest(model, limits),
    usable === null
      ? null
      : {
          link: 'connections',
          title: 'Connections of the server',
          limit: `more than ${number(usable)} usable connections`,
          isOver: (users, cases) => boundOf(connectionsAt(steps, users, limits), cases) > usable,
          wasOver: step => over(step.connections?.peak, usable),
        },
    cores === null
      ? null
      : {
          link: 'cores',
          title: 'Processors',
          limit: `more than ${ACTIVE_PER_CORE} sessions that want to run for each of ${number(cores)} cores`,
          isOver: (users, cases) => at(users, cases).running > ACTIVE_PER_CORE * cores,
          wasOver: step => over(step.running?.mean, ACTIVE_PER_CORE * cores),
        },
    p95Ms === null
      ? null
      : {
          link: 'p95',
          title: 'P95',
          limit: `P95 above ${number(p95Ms)} ms`,
          isOver: (users, cases) => boundOf(p95At(model, limits, users), cases) > p95Ms,
          wasOver: step => over(step.p95, p95Ms),
        },
  ]
  return tests.filter(test => test !== null)
}

function poolTest(model: Model, limits: Limits): Test | null {
  const {pool, poolName, waitMs} = limits
  if (pool === null) return null
  return {
    link: 'pool',
    title: 'Pool',
    limit: `more than ${number(waitMs)} ms of waiting for one of ${number(pool)} connections (${poolName})`,
    isOver: (users, cases) => outcomeAt(model, limits, users, cases).waitSeconds * 1000 > waitMs,
    wasOver: step => over(step.waitMs, waitMs),
  }
}

const boundOf = (estimate: Estimate | null, {hold}: Cases) =>
  estimate === null ? 0 : hold === 'expected' ? estimate.value : estimate[hold]

const EXPECTED: Cases = {think: 'expected', hold: 'expected'}
const WORST: Cases = {think: 'low', hold: 'high'}
const BEST: Cases = {think: 'high', hold: 'low'}

/** What was run says more than what is computed: no break below a step that held, none above one that did not. */
function breakOf(test: Test, steps: readonly LadderStep[], model: Model, most: number): LinkBreak[] {
  const {link, title, limit} = test
  const stepsWhere = (over: boolean) => steps.filter(step => test.wasOver(step) === over).map(({users}) => users)
  const broken = Math.min(...stepsWhere(true))
  const held = Math.max(0, ...stepsWhere(false).filter(users => users < broken))
  const bounded = (users: number | null) =>
    users === null && broken > most ? null : Math.min(broken, Math.max(held + 1, users ?? broken))
  const find = (cases: Cases) => bounded(smallest(most, users => test.isOver(users, cases)))
  const [expected, worst, best] = [find(EXPECTED), find(WORST), find(BEST)]
  if (expected === null || expected > most) return []
  return [
    {
      link,
      title,
      limit,
      users: expected,
      low: Math.min(expected, worst ?? expected),
      high: best === null ? null : Math.max(expected, best),
      known: broken <= most ? 'measured' : model.isAssumed ? 'assumed' : 'estimated',
    },
  ]
}

/** The fewest users from 1 to `most` that are over; what is over stays over with more. */
function smallest(most: number, isOver: (users: number) => boolean): number | null {
  if (most < 1 || !isOver(most)) return null
  let [held, over] = [0, most]
  while (over - held > 1) {
    const middle = Math.floor((held + over) / 2)
    if (isOver(middle)) over = middle
    else held = middle
  }
  return over
}
