import {usableConnections} from '../../derive/connections.js'
import {COMMITTED_PERCENT, RESERVE_TIMEOUT_SECONDS} from '../../derive/pool-budget.js'
import {countDirect} from '../../derive/pool-fit.js'
import {changeLine, distinctLines, isSameLine, lineOf, type PoolLine} from '../../derive/pool-lines.js'
import {isOnServer, type PoolLimit, poolCapacity, poolerName, poolerNumber} from '../../derive/pooler.js'
import {entryName} from '../../derive/pooler-settings.js'
import {defineRule, type FindingDraft} from '../../rule.js'
import type {Pooler} from '../../snapshot.js'

export default defineRule({
  id: 'pooler/reserve-pool',
  title: 'There is no reserve for a pool that is full',
  category: 'pooler',
  asksFor: 'pooler',
  needs: ['poolers'],
  uses: ['settings', 'activity'],
  options: {
    share: {default: 12, unit: 'percent', help: 'of the pool, as its reserve in the fix'},
    committed: {
      default: COMMITTED_PERCENT,
      unit: 'percent',
      help: 'of the usable connections that full pools may take after it',
    },
    timeout: {
      default: RESERVE_TIMEOUT_SECONDS,
      unit: 'seconds',
      help: 'reserve_pool_timeout in the fix, unless query_wait_timeout is short',
    },
  },
  severity: {
    low: 'no reserve, or one that comes only when waiting clients have been given up: a single burst is felt in full',
  },
  why:
    'When a client has waited for reserve_pool_timeout, PgBouncer may open a few connections beyond the pool. That ' +
    'takes the edge off a burst, provided it happens before the client is sent away.',
  references: ['https://www.pgbouncer.org/config.html#reserve_pool_size'],
  check({poolers, settings, activity}, options, context) {
    const capacity = poolCapacity(poolers, isOnServer(poolers, activity), context.poolerProcesses)
    const usable = settings.ok ? usableConnections(settings.data).usable : Infinity
    const direct = activity.ok ? countDirect(poolers, activity.data, context.poolerProcesses) : 0
    const times = capacity.processes / poolers.length
    const without = capacity.pools.filter(({reserve}) => reserve === 0)
    const missing = distinctLines(without.map(({pooler, database}) => lineOf(pooler, database, 'reserve'))).map(
      line => {
        const own = without.filter(({pooler, database}) => isSameLine(line, lineOf(pooler, database, 'reserve')))
        const to = Math.max(1, Math.round((Math.min(...own.map(({poolSize}) => poolSize)) * options.share) / 100))
        const after = capacity.connections + direct + to * own.length * times
        return noReserve(line, own[0]!, to, after >= (usable * options.committed) / 100)
      },
    )
    const withReserve = poolers.filter(pooler =>
      capacity.pools.some(each => each.pooler === pooler && each.reserve > 0),
    )
    const late = withReserve.flatMap(pooler => lateReserve(pooler, options.timeout))
    const {reserve = 0} = capacity.pools[0] ?? {}
    const timeout = poolers[0] && poolerNumber(poolers[0], 'reserve_pool_timeout')
    return {
      summary:
        capacity.pools.length === 0
          ? 'PgBouncer has no databases on this server'
          : `reserve_pool_size = ${reserve}, opened after ${timeout ?? 'an unknown time'} s of waiting`,
      findings: [...missing, ...late],
    }
  },
})

function noReserve(
  line: PoolLine,
  {pooler, database, poolSize}: PoolLimit,
  to: number,
  isTight: boolean,
): FindingDraft {
  return {
    severity: 'low',
    subject: line.database === undefined ? poolerName(pooler) : entryName(pooler, database),
    title: `reserve_pool_size = 0: a full pool of ${poolSize} has no reserve`,
    detail: 'No full pool was seen for this finding: it is about the first burst that fills it.',
    evidence: [
      {label: 'reserve_pool_size', value: 0, source: 'SHOW DATABASES'},
      {label: 'pool size', value: poolSize, source: 'SHOW DATABASES'},
    ],
    confidence: 'assumed',
    fixes: [
      changeLine(line, to),
      // What the server has is promised already: the reserve comes out of the pool.
      ...(isTight && poolSize > to
        ? [changeLine(lineOf(pooler, database, 'size'), poolSize - to, {risk: 'review' as const})]
        : []),
    ],
  }
}

/** 0 turns the reserve off; as late as query_wait_timeout, those who waited for it are gone. */
function lateReserve(pooler: Pooler, wanted: number): FindingDraft[] {
  const timeout = poolerNumber(pooler, 'reserve_pool_timeout')
  const wait = poolerNumber(pooler, 'query_wait_timeout') ?? 0
  if (timeout === null || (timeout > 0 && (wait === 0 || timeout < wait))) return []
  const to = wait > 0 ? Math.max(1, Math.min(wanted, Math.floor(wait / 3))) : wanted
  return [
    {
      severity: 'low',
      subject: poolerName(pooler),
      title:
        timeout === 0
          ? 'reserve_pool_timeout = 0: the reserve is never used'
          : `reserve_pool_timeout = ${timeout}: clients are sent away before the reserve opens`,
      detail:
        timeout === 0
          ? 'The reserve is configured, and turned off.'
          : `query_wait_timeout = ${wait} ends the wait of a client first.`,
      evidence: [
        {label: 'reserve_pool_timeout', value: timeout, unit: 'seconds', source: 'SHOW CONFIG'},
        {label: 'query_wait_timeout', value: wait, unit: 'seconds', source: 'SHOW CONFIG'},
      ],
      confidence: 'estimated',
      fixes: [{kind: 'pooler', pooler, name: 'reserve_pool_timeout', to: `${to}`}],
    },
  ]
}
