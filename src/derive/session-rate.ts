import type {Confidence} from '../rule.js'
import type {Checkpoints, Database, Section, Server, Window} from '../snapshot.js'
import {seconds} from '../units.js'
import {statisticsWindow} from './window.js'

/** How often a database gets a new session, and how long one lives. */
export type SessionRate = {
  database: string
  opened: number
  perMinute: number
  /** seconds */
  lives: number
  /** the time that was looked at, for people */
  span: string
  confidence: Confidence
}

/** Growth during --window; null without one, before 14, or when the counters were reset in between. */
export function watchedRate(now: Database, window: Window | null | undefined): SessionRate | null {
  const before = window?.before.databases.find(({name}) => name === now.name)
  if (!window || !before || before.sessions === null || now.sessions === null) return null
  if (window.seconds <= 0 || now.sessions < before.sessions) return null
  const lived = Math.max(0, (now.sessionTimeMs ?? 0) - (before.sessionTimeMs ?? 0))
  const span = `watched for ${seconds(window.seconds)}`
  return rate(now.name, now.sessions - before.sessions, lived, window.seconds, span, 'measured')
}

/**
 * The average since the counters began; the real peak is higher, never lower. Null when that is shorter than
 * `minSeconds` or unknown: counters outlive restarts, so the server's start would turn an old history into a high rate.
 */
export function averageRate(
  database: Database,
  server: Server,
  checkpoints: Section<Checkpoints>,
  minSeconds: number,
): SessionRate | null {
  const since = statisticsWindow(database, server, checkpoints)
  const isKnown = since.isExact || (checkpoints.ok && checkpoints.data.statsReset !== null)
  if (database.sessions === null || !isKnown || since.seconds <= 0 || since.seconds < minSeconds) return null
  const span = `in the ${seconds(since.seconds)} since ${since.source}`
  const confidence = since.isExact ? 'measured' : 'estimated'
  return rate(database.name, database.sessions, database.sessionTimeMs ?? 0, since.seconds, span, confidence)
}

function rate(database: string, opened: number, ms: number, time: number, span: string, confidence: Confidence) {
  return {
    database,
    opened,
    perMinute: opened / (time / 60),
    lives: opened > 0 ? ms / opened / 1000 : 0,
    span,
    confidence,
  }
}
