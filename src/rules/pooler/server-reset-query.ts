import {poolerName, poolerNumber, poolerRates, poolerSetting} from '../../derive/pooler.js'
import {fromConfig, modesOf, notShown} from '../../derive/pooler-settings.js'
import {defineRule, type FindingDraft} from '../../rule.js'
import type {Pooler} from '../../snapshot.js'

const QUERY = 'server_reset_query'
const ALWAYS = 'server_reset_query_always'

export default defineRule({
  id: 'pooler/server-reset-query',
  title: 'Connections are handed on without a clean-up, or cleaned up for nothing',
  category: 'pooler',
  asksFor: 'pooler',
  needs: ['poolers'],
  options: {},
  severity: {
    high: 'session mode without a reset query: settings, locks and temporary tables of one client reach the next',
    low: 'a reset query after every transaction: one more round trip each, and no session state to clean',
  },
  why:
    'In session mode the next client gets the connection as the last one left it, unless a reset query cleans it up. ' +
    'In transaction mode no client may leave anything behind, so cleaning up is a cost without a use.',
  references: [
    'https://www.pgbouncer.org/config.html#server_reset_query',
    'https://www.pgbouncer.org/config.html#server_reset_query_always',
  ],
  check({poolers}) {
    const known = poolers.filter(pooler => poolerSetting(pooler, QUERY) !== null)
    if (known.length === 0) return notShown(QUERY, poolers)
    const text = (pooler: Pooler) => (isEmpty(pooler) ? 'empty' : poolerSetting(pooler, QUERY))
    return {
      summary: known
        .map(each => `${QUERY} is ${text(each)} (${modesOf(each).join(', ')}) at ${poolerName(each)}`)
        .join(', '),
      findings: known.flatMap(pooler => [...leak(pooler), ...cost(pooler)]),
    }
  },
})

const isEmpty = (pooler: Pooler): boolean => (poolerSetting(pooler, QUERY) ?? '').trim() === ''

function leak(pooler: Pooler): FindingDraft[] {
  if (!isEmpty(pooler) || !modesOf(pooler).includes('session')) return []
  return [
    {
      severity: 'high',
      subject: `${QUERY} at ${poolerName(pooler)}`,
      title: 'In session mode, what a client sets stays for the next one (server_reset_query is empty)',
      detail:
        'SET, SET ROLE, temporary tables, prepared statements, LISTEN and advisory locks survive. ' +
        'Whether the application uses any of them is not seen here.',
      evidence: [
        fromConfig(pooler, QUERY),
        {label: 'pool modes in use', value: modesOf(pooler).join(', '), source: 'SHOW POOLS'},
      ],
      confidence: 'estimated',
      fixes: [{kind: 'pooler', pooler, name: QUERY, to: 'DISCARD ALL', reconnect: true}],
    },
  ]
}

function cost(pooler: Pooler): FindingDraft[] {
  const isPointless = modesOf(pooler).some(mode => mode !== 'session')
  if (poolerNumber(pooler, ALWAYS) !== 1 || isEmpty(pooler) || !isPointless) return []
  const rates = poolerRates(pooler)
  const perSecond = rates.reduce((sum, rate) => sum + rate.perSecond, 0)
  return [
    {
      severity: 'low',
      subject: `${ALWAYS} at ${poolerName(pooler)}`,
      title: `${poolerSetting(pooler, QUERY)} runs after every transaction`,
      detail:
        'It was made for applications that use session features through transaction mode: they then fail always instead ' +
        'of sometimes. Prepared statements and cached plans of the connection are lost each time as well.',
      evidence: [
        fromConfig(pooler, ALWAYS),
        ...(rates.length > 0
          ? [{label: 'transactions', value: perSecond, unit: 'per second' as const, source: 'SHOW STATS, two looks'}]
          : []),
      ],
      confidence: 'measured',
      fixes: [
        {
          kind: 'pooler',
          pooler,
          name: ALWAYS,
          to: '0',
          risk: 'review',
          note: 'An application that does leave session state behind then meets that of others: look for SET, LISTEN and advisory locks first.',
        },
      ],
    },
  ]
}
