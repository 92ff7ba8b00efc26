import {poolerName, poolerNumber} from '../../derive/pooler.js'
import {needsServer, type PoolTimeout, poolTimeouts} from '../../derive/pooler-roles.js'
import {fromConfig} from '../../derive/pooler-settings.js'
import {timeoutFixes, timeoutsText} from '../../derive/timeouts.js'
import {defineRule} from '../../rule.js'
import type {Pooler} from '../../snapshot.js'

const SERVERS = 'idle_in_transaction_session_timeout'

export default defineRule({
  id: 'pooler/idle-transaction-timeout',
  title: 'A forgotten transaction keeps a connection of the pool for ever',
  category: 'pooler',
  asksFor: 'pooler',
  needs: ['poolers'],
  uses: ['server', 'settings', 'roles', 'roleSettings', 'fileSettings', 'activity'],
  options: {
    target: {default: 60, unit: 'seconds', help: 'what the fix sets'},
  },
  severity: {
    medium: 'neither end limits it: a few forgotten transactions use up a pool, and everybody else waits',
  },
  why:
    'In transaction mode many clients share few connections, and an open transaction keeps its own. When nothing ends ' +
    'it, a client that hangs takes that connection from all the others.',
  references: [
    'https://www.pgbouncer.org/config.html#idle_transaction_timeout',
    'https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-IDLE-IN-TRANSACTION-SESSION-TIMEOUT',
  ],
  check({poolers, ...sections}, {target}) {
    const open = poolers.filter(pooler => !isLimited(pooler))
    if (open.length === 0) {
      return {summary: `PgBouncer ends idle transactions at ${poolers.map(poolerName).join(', ')}`, findings: []}
    }
    const all = open.map(pooler => ({pooler, roles: poolTimeouts(SERVERS, pooler, sections)}))
    if (all.some(({roles}) => roles === null)) return needsServer(SERVERS)
    const known = all.map(({pooler, roles}) => ({
      pooler,
      roles: (roles ?? []).flatMap(each => (each.ms === null ? [] : [{...each, ms: each.ms}])),
    }))
    if (known.every(({roles}) => roles.length === 0)) {
      return {cannotJudge: `the server's ${SERVERS} is hidden behind our own role's`}
    }
    return {
      summary: `the server ends idle transactions: ${timeoutsText(
        SERVERS,
        known.flatMap(({roles}) => roles),
      )}`,
      findings: known.flatMap(({pooler, roles}) => {
        const without = roles.filter(({ms}) => ms === 0)
        return without.length === 0 ? [] : [finding(pooler, without, target)]
      }),
    }
  },
})

/** transaction_timeout: 1.25 and later. */
const isLimited = (pooler: Pooler): boolean =>
  ['idle_transaction_timeout', 'transaction_timeout'].some(name => (poolerNumber(pooler, name) ?? 0) > 0)

type Without = (PoolTimeout & {ms: number})[]

function finding(pooler: Pooler, without: Without, target: number) {
  const note =
    'It holds for new server connections: RECONNECT in the console renews them. The client must cope with a lost connection.'
  return {
    severity: 'medium' as const,
    subject: poolerName(pooler),
    title: 'Neither PgBouncer nor the server ends an idle transaction',
    detail:
      `${timeoutsText(SERVERS, without)}. No such transaction is claimed here: sessions/idle-in-transaction tells what ` +
      "there is now. The server's timeout is the better one: it also holds for those who come past the pooler.",
    evidence: [
      fromConfig(pooler, 'idle_transaction_timeout', 'seconds'),
      ...without.slice(0, 5).map(({role, override}) => ({
        label: `${SERVERS} of role ${role}`,
        value: 'none (0)',
        source: override ? 'pg_db_role_setting' : 'pg_settings',
      })),
    ],
    confidence: 'measured' as const,
    fixes: [
      ...timeoutFixes(SERVERS, `${target}s`, without, note),
      {
        kind: 'pooler' as const,
        pooler,
        name: 'idle_transaction_timeout',
        to: String(target),
        title: 'Or let PgBouncer end it, where the server may not be changed',
        risk: 'review' as const,
      },
    ],
  }
}
