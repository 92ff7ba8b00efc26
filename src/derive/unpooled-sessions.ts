import type {Confidence, Context} from '../rule.js'
import type {Checkpoints, Database, Pooler, Section, Server, Window} from '../snapshot.js'
import {seconds} from '../units.js'
import type {ServedDatabase} from './served.js'
import {statisticsWindow} from './window.js'

/** What the server counted of a database's sessions, beside what its poolers passed on in the same time. */
export type Comparison = {
  /** sessions opened; those that the pools opened meanwhile are subtracted where that is known */
  opened: number
  perMinute: number
  transactions: number
  confidence: Confidence
  /** the time of the one and of the other, for people */
  span: string
  poolerSpan: string
  kind: 'watched' | 'baseline' | 'total'
}

type Input = {
  served: ServedDatabase
  databases: readonly Database[]
  server: Server
  checkpoints: Section<Checkpoints>
  context: Context
  window: Window | null | undefined
}

/** The three times over which both are counted, the surest first; empty before PostgreSQL 14. */
export function comparisons(input: Input): Comparison[] {
  const now = input.databases.find(({name}) => name === input.served.database)
  if (!now || now.sessions === null) return []
  return [
    watched(input, now, now.sessions),
    sinceBaseline(input, now.sessions),
    sinceReset(input, now, now.sessions),
  ].flatMap(each => each ?? [])
}

function watched({served, window}: Input, now: Database, sessions: number): Comparison | null {
  const before = window?.before.databases.find(({name}) => name === now.name)
  if (!window || !before || before.sessions === null || sessions < before.sessions || window.seconds <= 0) return null
  const moved = transactionsSince(served, ({samples}) => samples[0]?.stats)
  if (moved === null) return null
  const opened = Math.max(0, sessions - before.sessions - openedByPools(served))
  const span = `watched for ${seconds(window.seconds)}`
  return comparison('watched', opened, window.seconds, moved, span, span, moved === 0 ? 'measured' : 'estimated')
}

/** Server connections of the last look that the first one did not show. */
function openedByPools({entries}: ServedDatabase): number {
  return [...new Set(entries.map(({pooler}) => pooler))].reduce((sum, {samples}) => {
    const first = new Set(samples[0]?.remotePids)
    return sum + (samples.at(-1)?.remotePids.filter(pid => !first.has(pid)).length ?? 0)
  }, 0)
}

function sinceBaseline({served, context, server}: Input, sessions: number): Comparison | null {
  const {poolers, databases, server: then} = context.baseline?.snapshot.sections ?? {}
  if (!poolers?.ok || !databases?.ok || !then?.ok) return null
  const before = databases.data.find(({name}) => name === served.database)?.sessions ?? null
  const time = server.now - then.data.now
  if (before === null || sessions < before || time <= 0) return null
  const earlier = ({target}: Pooler) =>
    poolers.data.find(each => each.target.host === target.host && each.target.port === target.port)
  const moved = transactionsSince(served, pooler => earlier(pooler)?.samples.at(-1)?.stats)
  if (moved === null) return null
  const span = `in the ${seconds(time)} since the baseline`
  return comparison('baseline', sessions - before, time, moved, span, span, 'measured')
}

function sinceReset({served, server, checkpoints}: Input, now: Database, sessions: number): Comparison | null {
  const since = statisticsWindow(now, server, checkpoints)
  const isKnown = since.isExact || (checkpoints.ok && checkpoints.data.statsReset !== null)
  if (!isKnown || since.seconds <= 0) return null
  const span = `in the ${seconds(since.seconds)} since ${since.source}`
  const poolerSpan = 'since PgBouncer started (when that was, its console does not tell)'
  return comparison('total', sessions, since.seconds, served.transactions, span, poolerSpan, 'estimated')
}

/** Null: the counters are not to be compared (another process, a restart in between). */
function transactionsSince(
  {entries}: ServedDatabase,
  before: (pooler: Pooler) => {database: string; transactions: number}[] | undefined,
): number | null {
  let sum = 0
  for (const {pooler, entry} of entries) {
    const earlier = before(pooler)
    if (!earlier) return null
    const of = (stats: {database: string; transactions: number}[]) =>
      stats.find(({database}) => database === entry.name)?.transactions ?? 0
    const grown = of(pooler.samples.at(-1)?.stats ?? []) - of(earlier)
    if (grown < 0) return null
    sum += grown
  }
  return sum
}

const comparison = (
  kind: Comparison['kind'],
  opened: number,
  time: number,
  transactions: number,
  span: string,
  poolerSpan: string,
  confidence: Confidence,
): Comparison => ({kind, opened, perMinute: opened / (time / 60), transactions, confidence, span, poolerSpan})

export type CountLimits = Record<'opened' | 'openedWatched' | 'perMinute' | 'pooledShare', number>

/** Within a short window only a connection for each request reaches so many. */
const WATCHED_FACTOR = 30

/** Many sessions, and next to nothing through the pooler: they did not come that way. */
export function proves({kind, opened, perMinute, transactions}: Comparison, limits: CountLimits): boolean {
  const isWatched = kind === 'watched'
  const isMany = opened >= (isWatched ? limits.openedWatched : limits.opened)
  const isOften = perMinute >= limits.perMinute * (isWatched ? WATCHED_FACTOR : 1)
  return isMany && isOften && transactions <= (opened * limits.pooledShare) / 100
}
