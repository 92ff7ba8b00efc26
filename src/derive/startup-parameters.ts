import type {FindingDraft, FixRequest} from '../rule.js'
import type {Pooler} from '../snapshot.js'
import {quoteIdent} from '../sql/quote.js'
import {poolerName} from './pooler.js'
import type {PoolTimeout} from './pooler-roles.js'
import {commandStep, fromConfig, listOf} from './pooler-settings.js'

export const IGNORED = 'ignore_startup_parameters'
const TRACKED = 'track_extra_parameters'

/** What the fix gives a role that has none. */
const TIMEOUTS: Record<string, string> = {
  statement_timeout: '60s',
  lock_timeout: '10s',
  idle_in_transaction_session_timeout: '120s',
  transaction_timeout: '300s',
}

/** `options` carries any of them; statement_timeout is what applications put there. */
export function droppedTimeouts(pooler: Pooler): string[] {
  const ignored = listOf(pooler, IGNORED)
  const named = ignored.includes('options') ? [...ignored, 'statement_timeout'] : ignored
  return Object.keys(TIMEOUTS).filter(name => named.includes(name))
}

/** Timeouts for the roles that have none, and server connections that know them. */
export const startupFixes = (pooler: Pooler, without: Without[]): FixRequest[] => [
  ...setForRoles(without),
  reconnect(pooler),
]

type Without = {name: string; each: PoolTimeout}

/** The same role in several pools is one change. */
function setForRoles(without: Without[]): FixRequest[] {
  const changes = new Map(without.map(({name, each: {role}}) => [`${name} ${role}`, {name, role}]))
  return [...changes.values()].slice(0, 5).map(({name, role}) => ({
    kind: 'setting',
    name,
    to: TIMEOUTS[name]!,
    role,
    risk: 'review',
    title: `Set ${name} = ${TIMEOUTS[name]} for role ${quoteIdent(role)}`,
    note: 'Migrations and long reports need more: let them run as another role.',
  }))
}

const reconnect = (pooler: Pooler): FixRequest => ({
  kind: 'action',
  title: 'Renew the server connections, which still work without it',
  steps: [commandStep('In the console of PgBouncer: each is closed as soon as it is free', pooler, 'RECONNECT')],
})

/** Timeouts among the parameters that PgBouncer is told to keep for each client (1.20 and later). */
export function trackedInVain(pooler: Pooler): FindingDraft[] {
  const words = listOf(pooler, TRACKED)
  const useless = words.filter(word => word in TIMEOUTS)
  if (useless.length === 0) return []
  // Names as they are usually written: the list itself is compared without regard to case.
  const rest = words.filter(word => !useless.includes(word)).map(word => word.replace('intervalstyle', 'IntervalStyle'))
  return [
    {
      severity: 'low',
      subject: `${TRACKED} at ${poolerName(pooler)}`,
      title: `Tracking ${useless.join(', ')} has no effect`,
      detail:
        'PgBouncer learns values from what the server reports, and the server reports no timeout. ' +
        "A client's value is accepted and goes nowhere.",
      evidence: [fromConfig(pooler, TRACKED)],
      confidence: 'measured',
      fixes: [
        {
          kind: 'pooler',
          pooler,
          name: TRACKED,
          to: rest.join(', ') || 'IntervalStyle',
          note: 'Clients that send it are then refused: set it for the role, and take it out of the application first.',
          risk: 'review',
        },
      ],
    },
  ]
}
