import {number} from '../../units.js'
import {type DatabaseShare, shareOf} from './database-share.js'
import {type Facts, within} from './facts.js'
import type {Moment} from './moments.js'
import type {Sessions} from './sessions.js'
import type {Failures} from './types.js'

/** Below this share of the latency, the database cannot have been what the requests waited for. */
export const MATERIAL_PERCENT = 20

/** With so many of its connections in use on average, an application is out of them, whatever each query takes. */
const ALL_PERCENT = 80
/** A pool has about the same number of connections all the time. */
const STEADY_SHARE = 0.9

/**
 * All connections at work all the time: requests wait for one inside the application, where no counter of the database
 * shows it, and its share of the latency looks small.
 */
export const areAllActive = ({sessions}: Facts): boolean => sessions !== null && isAll(sessions, sessions.active)

/** The same, but most may be held by open transactions in which nothing runs. */
export const areAllInUse = ({sessions}: Facts): boolean =>
  sessions !== null && isAll(sessions, sessions.active + sessions.idleInTransaction)

/** One that opens a connection for each query has none that are idle, either: but their number changes all the time. */
const isAll = ({total, least, most}: Sessions, used: number): boolean =>
  total > 0 && least >= STEADY_SHARE * most && (used / total) * 100 >= ALL_PERCENT

/** Whether the time in the database matters to the requests. Null: not known. */
export function isMaterial(facts: Facts): boolean | null {
  if (areAllActive(facts)) return true
  return facts.share === null ? null : facts.share.percent >= MATERIAL_PERCENT
}

/** The database's share of the latency in these intervals alone. */
export function shareDuring(facts: Facts, moments: readonly Moment[]): DatabaseShare | null {
  const {client, run} = facts
  const activity = moments.flatMap(moment => within(run.activity, {from: moment.from, to: moment.to}))
  const pools = moments.flatMap(moment => within(run.pools, {from: moment.from, to: moment.to}))
  const requests = moments.reduce((sum, {point}) => sum + point.requests, 0)
  const seconds = moments.reduce((sum, {from, to}) => sum + to - from, 0)
  const [latencyMs, source] = weighted(moments, 'mean') ?? weighted(moments, 'p50') ?? overall(client)
  if (latencyMs === null || requests === 0 || seconds <= 0) return facts.share
  return shareOf(activity, pools, {perSecond: requests / seconds, latencyMs, source}) ?? facts.share
}

type Latency = [ms: number | null, source: string]

function weighted(moments: readonly Moment[], name: 'mean' | 'p50'): Latency | null {
  const known = moments.filter(({point}) => point[name] !== null && point.requests > 0)
  const requests = known.reduce((sum, {point}) => sum + point.requests, 0)
  if (requests === 0) return null
  const total = known.reduce((sum, {point}) => sum + point[name]! * point.requests, 0)
  return [total / requests, name === 'mean' ? 'mean latency in those seconds' : 'median latency in those seconds']
}

const overall = (client: Facts['client']): Latency =>
  client?.total.mean
    ? [client.total.mean, 'mean latency of the whole run']
    : [client?.total.p50 ?? null, 'median latency']

export const shareText = ({percent, databaseMs, latencyMs}: DatabaseShare): string =>
  `database time ${number(Math.round(percent))} % of the latency (${number(databaseMs)} of ${number(latencyMs)} ms)`

/** Half of all failures or more are none of the database's. */
export const areMostlyOthers = ({total, notTheDatabase}: Failures): boolean =>
  notTheDatabase > 0 && notTheDatabase >= (total ?? 0) / 2
