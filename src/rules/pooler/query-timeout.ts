import {poolerName, poolerNumber} from '../../derive/pooler.js'
import {needsServer, type PoolTimeout, poolTimeouts} from '../../derive/pooler-roles.js'
import {fromConfig, notShown} from '../../derive/pooler-settings.js'
import {timeoutsText} from '../../derive/timeouts.js'
import {defineRule, type FindingDraft, type FixRequest} from '../../rule.js'
import type {Pooler} from '../../snapshot.js'
import {quoteIdent} from '../../sql/quote.js'
import {milliseconds, seconds} from '../../units.js'

export default defineRule({
  id: 'pooler/query-timeout',
  title: 'The pooler cuts the connection before the server ends the query',
  category: 'pooler',
  asksFor: 'pooler',
  needs: ['poolers'],
  uses: ['server', 'settings', 'roles', 'roleSettings', 'fileSettings', 'activity'],
  options: {
    margin: {
      default: 20,
      unit: 'percent',
      help: "how much later than the server's timeout the pooler's one acts after the fix",
    },
  },
  severity: {
    medium: 'a slow query costs the client its connection and the server a backend, instead of one clear error',
  },
  why:
    'The server ends a slow query with an error and keeps the connection. PgBouncer can only cut both sides off, so its ' +
    'limit is for a server that does not answer any more, and must come second.',
  references: ['https://www.pgbouncer.org/config.html#query_timeout'],
  check({poolers, ...sections}, {margin}) {
    const known = poolers.filter(pooler => poolerNumber(pooler, 'query_timeout') !== null)
    if (known.length === 0) return notShown('query_timeout', poolers)
    const limit = (pooler: Pooler) => poolerNumber(pooler, 'query_timeout') ?? 0
    const limited = known.filter(pooler => limit(pooler) > 0)
    const summary = known.map(pooler => `query_timeout = ${limit(pooler)} at ${poolerName(pooler)}`).join(', ')
    const all = limited.map(pooler => ({pooler, roles: poolTimeouts('statement_timeout', pooler, sections)}))
    if (all.some(({roles}) => roles === null)) return needsServer('statement_timeout')
    return {
      summary,
      findings: all.flatMap(({pooler, roles}) => {
        const value = limit(pooler)
        const later = (roles ?? []).flatMap(each =>
          each.ms !== null && (each.ms === 0 || each.ms >= value * 1000) ? [{...each, ms: each.ms}] : [],
        )
        return later.length === 0 ? [] : [finding(pooler, value, later, margin / 100)]
      }),
    }
  },
})

type Later = PoolTimeout & {ms: number}

function finding(pooler: Pooler, value: number, later: Later[], margin: number): FindingDraft {
  const longest = Math.max(...later.map(({ms}) => ms))
  const isUnlimited = later.some(({ms}) => ms === 0)
  return {
    severity: 'medium',
    subject: poolerName(pooler),
    title: `PgBouncer cuts queries off after ${seconds(value)}, the server would end them ${isUnlimited ? 'never' : `after ${milliseconds(longest)}`}`,
    detail:
      `${timeoutsText('statement_timeout', later)}. The client sees "query_timeout" and a lost connection. ` +
      'That it has happened is not claimed here.',
    evidence: [
      fromConfig(pooler, 'query_timeout', 'seconds'),
      ...later.slice(0, 5).map(({role, ms, override}) => ({
        label: `statement_timeout of role ${role}`,
        ...(ms === 0 ? {value: 'none (0)'} : {value: ms, unit: 'milliseconds' as const}),
        source: override ? 'pg_db_role_setting' : 'pg_settings',
      })),
    ],
    confidence: 'measured',
    fixes: isUnlimited ? shorterOnServer(value, later, margin) : [longerHere(pooler, longest, margin)],
  }
}

const longerHere = (pooler: Pooler, longest: number, margin: number): FixRequest => ({
  kind: 'pooler',
  pooler,
  name: 'query_timeout',
  to: String(Math.ceil((longest / 1000) * (1 + margin))),
  title: "Let the server's statement_timeout come first",
})

/** Only the roles whose queries nothing else ends; the others have chosen their limit. */
function shorterOnServer(value: number, later: Later[], margin: number): FixRequest[] {
  const earlier = value / (1 + margin)
  const to = earlier < 1 ? `${Math.max(1, Math.floor(earlier * 1000))}ms` : `${Math.floor(earlier)}s`
  const roles = [...new Set(later.map(({role}) => role))].slice(0, 5)
  return roles.map(role => ({
    kind: 'setting',
    name: 'statement_timeout',
    to,
    role,
    risk: 'review',
    title: `Set statement_timeout = ${to} for role ${quoteIdent(role)}`,
    note: 'RECONNECT in the console of PgBouncer renews the server connections, which still work without it.',
  }))
}
