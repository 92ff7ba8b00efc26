import type {Activity, BlockedSession, Section, Session} from '../snapshot.js'
import {quoteIdent} from '../sql/quote.js'
import {seconds} from '../units.js'
import {age, isIdleInTransaction, roleName, sessionName, shortQuery} from './sessions.js'

/** Who holds up whom: everybody behind one session that itself waits for nobody. */
export type Chain = {
  /** pid; 0: a prepared transaction */
  head: number
  blocked: BlockedSession[]
  /** seconds; null when hidden */
  longest: number | null
  /** what most of those directly behind the head wait for */
  relation: string | null
}

/** Longest wait first. A circle has no head: the deadlock detector ends it within a second. */
export function blockingChains(rows: readonly BlockedSession[]): Chain[] {
  const blockedBy = new Map<number, Set<number>>()
  for (const {pid, blockedBy: pids} of rows) blockedBy.set(pid, new Set([...(blockedBy.get(pid) ?? []), ...pids]))
  const behind = new Map<number, BlockedSession[]>()
  for (const row of rows) {
    for (const head of headsOf(row.pid, blockedBy)) behind.set(head, [...(behind.get(head) ?? []), row])
  }
  return [...behind]
    .map(([head, blocked]) => chain(head, blocked))
    .sort((a, b) => (b.longest ?? 0) - (a.longest ?? 0) || a.head - b.head)
}

function headsOf(pid: number, blockedBy: Map<number, Set<number>>): Set<number> {
  const heads = new Set<number>()
  const seen = new Set<number>()
  const next = [pid]
  while (next.length > 0) {
    const current = next.pop()!
    if (seen.has(current)) continue
    seen.add(current)
    const blockers = blockedBy.get(current)
    if (blockers) next.push(...blockers)
    else heads.add(current)
  }
  return heads
}

function chain(head: number, blocked: BlockedSession[]): Chain {
  const waits = blocked.map(({waitedFor}) => waitedFor).filter(wait => wait !== null)
  const direct = blocked.filter(({blockedBy}) => blockedBy.includes(head))
  const sorted = [...blocked].sort((a, b) => (b.waitedFor ?? 0) - (a.waitedFor ?? 0) || a.pid - b.pid)
  const longest = waits.length > 0 ? Math.max(...waits) : null
  return {head, blocked: sorted, longest, relation: mostCommon(direct) ?? mostCommon(blocked)}
}

function mostCommon(rows: BlockedSession[]): string | null {
  const counts = new Map<string, number>()
  for (const {relation} of rows) if (relation !== null) counts.set(relation, (counts.get(relation) ?? 0) + 1)
  return [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))[0]?.[0] ?? null
}

/** The session at the head, as far as it may be seen; `state` is a text for people. */
export type Head = {
  chain: Chain
  subject: string
  role: string | null
  name: string
  state: string
  isIdle: boolean
  /** a running statement need only be cancelled; a session that does nothing has to end */
  isActive: boolean
}

/** Pid, role and application are everybody's to see; what it does only with the session. */
export function headOf(chain: Chain, activity: Section<Activity>): Head {
  const session = activity.ok ? activity.data.sessions.find(({pid}) => pid === chain.head) : undefined
  const blocker = chain.blocked.flatMap(({blockers}) => blockers).find(({pid}) => pid === chain.head)
  const role = session?.user ?? blocker?.user ?? null
  const application = blocker?.application ? ` as ${quoteIdent(blocker.application)}` : ''
  const prepared = chain.head === 0
  const subject = chain.relation ?? (prepared ? 'prepared transactions' : roleName(role))
  const who = role === null ? (session?.backendType ?? 'no role') : `${roleName(role)}${application}`
  const name = prepared ? 'A prepared transaction' : `Pid ${chain.head} (${who})`
  const isIdle = session !== undefined && isIdleInTransaction(session)
  return {
    chain,
    subject,
    role,
    name,
    isIdle,
    isActive: session?.state === 'active',
    state: stateOf(chain, session, activity),
  }
}

function stateOf(chain: Chain, session: Session | undefined, activity: Section<Activity>): string {
  const lock = `They wait for ${chain.relation ?? 'a row or another transaction'}.`
  if (chain.head === 0) return `${lock} No session holds the lock: a transaction was prepared and never finished.`
  if (!activity.ok) return `${lock} What pid ${chain.head} does is hidden; ${activity.grant ?? 'pg_monitor'} shows it.`
  if (!session) return `${lock} Pid ${chain.head} had ended when the sessions were read.`
  const since = seconds(age(activity.data, session.stateChange ?? session.queryStart))
  const doing = `The head of the queue, ${sessionName(session)}, has been ${session.state ?? session.backendType} for ${since}`
  return `${lock} ${doing}, its transaction is ${seconds(age(activity.data, session.xactStart))} old. Statement: ${shortQuery(session)}`
}
