import type {FixRequest} from '../rule.js'
import type {Activity, BlockedSession, Section, Session} from '../snapshot.js'
import {quoteIdent} from '../sql/quote.js'
import {number, seconds} from '../units.js'

/** Another run of this tool is nobody's problem. */
const OWN = 'ahsp-db'

/** Transactions behind, from which on a snapshot keeps vacuum from much work. */
export const OLD_SNAPSHOT = 1_000_000

/** Every transaction holds back a few. */
const WORTH_TELLING = 1000

/** Statements that are meant to take long; sessions/blocked tells when somebody waits for them. */
const MAINTENANCE = /^\s*(VACUUM|ANALYZE|REINDEX|CLUSTER|CREATE\s+(UNIQUE\s+)?INDEX|REFRESH|COPY)\b/i

/** Sessions of applications and people: no autovacuum, no replication, no parallel workers. */
export const clientSessions = ({sessions}: Activity): Session[] =>
  sessions.filter(({backendType, application}) => backendType === 'client backend' && application !== OWN)

export const isIdleInTransaction = ({state}: Session): boolean => state?.startsWith('idle in transaction') ?? false

export const waitsForLock = ({waitEventType}: Session): boolean => waitEventType === 'Lock'

export const isMaintenance = ({query}: Session): boolean => MAINTENANCE.test(query)

/** Seconds from `since` to when the sessions were read; 0 when unknown. */
export const age = ({at}: Activity, since: number | null): number => (since === null ? 0 : Math.max(0, at - since))

/** `pid 12, "gunicorn" from 10.0.0.3` */
export function sessionName({pid, application, clientAddr}: Session): string {
  return `pid ${pid}${application ? `, ${quoteIdent(application)}` : ''}${clientAddr ? ` from ${clientAddr}` : ''}`
}

export const roleName = (role: string | null): string => `role ${quoteIdent(role ?? '')}`

/** On one line, cut to what a person recognises it by. */
export function shortQuery({query}: Session): string {
  const line = query.replace(/\s+/g, ' ').trim()
  return line.length > 100 ? `${line.slice(0, 100)}...` : line
}

/** The sessions of each role, in the order in which the first of each comes. */
export function byRole(sessions: Session[]): {role: string | null; sessions: Session[]}[] {
  const groups = new Map<string | null, Session[]>()
  for (const session of sessions) groups.set(session.user, [...(groups.get(session.user) ?? []), session])
  return [...groups].map(([role, of]) => ({role, sessions: of}))
}

export type Held = {
  /** sessions that wait for one of these; null: unknown */
  waiting: number | null
  /** transactions behind, in which vacuum may not remove what died */
  xminAge: number
}

/** What these sessions keep from others. */
export function heldBy(sessions: Session[], blocking: Section<BlockedSession[]>): Held {
  const xminAge = Math.max(0, ...sessions.map(session => session.xminAge ?? 0))
  if (!blocking.ok) return {waiting: null, xminAge}
  const pids = new Set(sessions.map(({pid}) => pid))
  const blocked = blocking.data.filter(({blockedBy}) => blockedBy.some(pid => pids.has(pid)))
  return {waiting: new Set(blocked.map(({pid}) => pid)).size, xminAge}
}

export function heldText({waiting, xminAge}: Held): string {
  const locks =
    waiting === null
      ? 'Who waits for their locks could not be read.'
      : `Sessions that wait for their locks at this moment: ${waiting}.`
  const vacuum =
    xminAge >= WORTH_TELLING ? ` Vacuum cannot remove rows that died in the last ${number(xminAge)} transactions.` : ''
  return `${locks}${vacuum}`
}

/** `Role "app": a session idle in transaction for 2 min`, for the oldest of several too */
export function sessionsTitle(role: string | null, sessions: Session[], what: string, longest: number): string {
  const [count, time] =
    sessions.length === 1
      ? ['a session', `for ${seconds(longest)}`]
      : [`${sessions.length} sessions`, `, the longest for ${seconds(longest)}`]
  return `Role ${quoteIdent(role ?? '')}: ${count} ${what}${time.startsWith(',') ? '' : ' '}${time}`
}

export const STOP_NOTE = 'Needs the same role, pg_signal_backend or a superuser. The client gets an error.'

/** Ends these, unless they have gone on (or their pid is another's) by then. */
export const terminateFix = (sessions: Session[], condition: string): FixRequest => ({
  kind: 'sql',
  title: 'For now: end the sessions; what they have not committed is lost',
  statements: [stopStatement('terminate', sessions, condition)],
  undo: [],
  lock: 'none; theirs are released',
  note: STOP_NOTE,
})

export const cancelFix = (sessions: Session[], condition: string): FixRequest => ({
  kind: 'sql',
  title: 'For now: cancel the queries; the sessions stay',
  statements: [stopStatement('cancel', sessions, condition)],
  undo: [],
  lock: 'none; theirs are released',
  note: STOP_NOTE,
})

function stopStatement(action: 'cancel' | 'terminate', sessions: Session[], condition: string): string {
  const pids = sessions.map(({pid}) => pid).join(', ')
  return `SELECT pid, pg_${action}_backend(pid) FROM pg_stat_activity WHERE pid IN (${pids}) AND ${condition}`
}
