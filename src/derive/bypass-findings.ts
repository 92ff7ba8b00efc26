import type {FindingDraft, Severity} from '../rule.js'
import type {Session} from '../snapshot.js'
import {quoteIdent} from '../sql/quote.js'
import {number} from '../units.js'
import type {Bypass} from './bypass.js'
import {poolerName} from './pooler.js'
import {connectThrough} from './pooler-advice.js'
import type {ServedDatabase} from './served.js'
import type {Comparison} from './unpooled-sessions.js'

type Shares = {mediumShare: number; highShare: number}

/** Sessions that are there now. */
export function sessionsFinding({served, role, sessions, pooledClients, share}: Bypass, limits: Shares): FindingDraft {
  const severity: Severity = share >= limits.highShare ? 'high' : share >= limits.mediumShare ? 'medium' : 'low'
  const name = `role ${quoteIdent(role)} in database ${quoteIdent(served.database)}`
  const groups = groupsOf(sessions)
  const looks = Math.max(...served.entries.map(({pooler}) => pooler.samples.length))
  return {
    severity,
    subject: name,
    title: `Role ${quoteIdent(role)}: ${sessions.length} connections past PgBouncer, ${pooledClients} through it`,
    detail:
      'Their process ids are in no look at the pools, although they were there before the first: they connect to ' +
      `PostgreSQL itself. ${
        pooledClients > 0
          ? 'Other processes of the same role do use the pooler.'
          : 'Nothing of this role comes through the pooler: it has no effect.'
      }`,
    evidence: [
      {label: 'connections past the pooler', value: sessions.length, source: 'pg_stat_activity without SHOW SERVERS'},
      {label: 'clients through the pooler', value: pooledClients, source: `SHOW POOLS, ${looks} looks`},
      {label: 'share past the pooler', value: Math.round(share), unit: 'percent', source: 'the two above'},
      ...groups.slice(0, 5).map(([label, count]) => ({label, value: count, source: 'pg_stat_activity'})),
      ...(groups.length > 5 ? [{label: 'other origins', value: groups.length - 5, source: 'pg_stat_activity'}] : []),
    ],
    confidence: 'measured',
    fixes: [connectThrough(served, role, sessions[0]!.clientAddr)],
  }
}

/** By application and address, most first. */
function groupsOf(sessions: Session[]): [string, number][] {
  const counts = new Map<string, number>()
  for (const {application, clientAddr} of sessions) {
    const label = `${application ? `as ${quoteIdent(application)}` : 'without a name'} from ${clientAddr ?? 'a local socket'}`
    counts.set(label, (counts.get(label) ?? 0) + 1)
  }
  return [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
}

/** Nobody is connected any more: what the counters tell. */
export function countedFinding(served: ServedDatabase, proof: Comparison): FindingDraft {
  const {opened, transactions, span, poolerSpan, confidence} = proof
  const name = quoteIdent(served.database)
  const through = served.entries.map(({pooler}) => poolerName(pooler))
  return {
    severity: proof.kind === 'total' ? 'medium' : 'high',
    subject: `database ${name}`,
    title: `${number(opened)} sessions of database ${name} were opened, ${transactions || 'no'} transactions came through PgBouncer`,
    detail:
      'Nobody is connected past the pooler at this moment, so who it was is not told: the application, unless scripts ' +
      'or jobs open that many. ' +
      (proof.kind === 'total'
        ? 'If PgBouncer was restarted after the load, its counters began anew and this proves nothing: check under load.'
        : 'Both counters cover the same time.'),
    evidence: [
      {label: 'sessions opened', value: opened, source: `pg_stat_database.sessions, ${span}`},
      {label: 'transactions through the pooler', value: transactions, source: `SHOW STATS, ${poolerSpan}`},
      {label: 'clients through the pooler now', value: served.clients, source: 'SHOW POOLS'},
      {label: 'poolers read', value: [...new Set(through)].join(', '), source: '--pgbouncer'},
    ],
    confidence,
    fixes: [connectThrough(served, null, null)],
  }
}
