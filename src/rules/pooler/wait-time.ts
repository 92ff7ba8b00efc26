import {WAIT_LIMIT_MS} from '../../derive/pool-budget.js'
import {poolName} from '../../derive/pool-lines.js'
import {growthFixes, growthOf, queuesOf, type Surroundings} from '../../derive/pool-queue.js'
import {type PoolerRate, poolCapacity, poolerRates, poolsNow} from '../../derive/pooler.js'
import {entryName} from '../../derive/pooler-settings.js'
import {defineRule, type Evidence, type FindingDraft} from '../../rule.js'
import type {Pooler} from '../../snapshot.js'
import {milliseconds, number, seconds} from '../../units.js'

export default defineRule({
  id: 'pooler/wait-time',
  title: 'Transactions wait long for a server connection',
  category: 'pooler',
  asksFor: 'pooler',
  needs: ['poolers'],
  uses: ['activity', 'settings'],
  options: {
    warnAt: {default: WAIT_LIMIT_MS, unit: 'milliseconds', help: 'medium from this wait per transaction on'},
    failAt: {default: 100, unit: 'milliseconds', help: 'high from this wait per transaction on'},
    minTransactions: {default: 20, unit: 'count', help: 'fewer during the watch are not judged'},
  },
  severity: {
    high: 'the average transaction waits failAt or more before it may begin: users feel it on every request',
    medium: 'it waits warnAt or more: the pool is at its limit in bursts',
  },
  why:
    'The wait for a server connection comes before the first statement, so no statistics of the database show it. ' +
    'It grows steeply once the pool is nearly always full.',
  references: ['https://www.pgbouncer.org/usage.html#show-stats'],
  check({poolers, activity, settings}, options, context) {
    const rates = poolers.flatMap(pooler => poolerRates(pooler).map(rate => ({pooler, rate})))
    const watched = Math.max(...poolers.map(({samples}) => (samples.at(-1)?.at ?? 0) - (samples[0]?.at ?? 0)))
    if (watched < 0.5) return {cannotJudge: 'the counters were read once only', cure: 'ahsp-db check --window 10'}
    const worst = [...rates].sort((a, b) => b.rate.waitMs - a.rate.waitMs)[0]?.rate
    const all = rates.reduce((sum, {rate}) => sum + rate.transactions, 0)
    const queues = poolers.flatMap(queuesOf)
    if (all === 0 && queues.length > 0) {
      const {limit, pool} = queues[0]!
      return {cannotJudge: `no transaction ended while clients waited: ${poolName(limit.pooler, pool)}`}
    }
    const bad = rates.filter(({rate}) => rate.transactions >= options.minTransactions && rate.waitMs >= options.warnAt)
    const surroundings = {poolers, activity, settings, context}
    return {
      summary: `transactions waited ${milliseconds(worst?.waitMs ?? 0)} on average (${number(all)} in ${seconds(watched)})`,
      findings: bad
        .sort((a, b) => b.rate.waitMs - a.rate.waitMs)
        .map(({pooler, rate}) => finding(pooler, rate, rate.waitMs >= options.failAt, surroundings)),
    }
  },
})

function finding(pooler: Pooler, rate: PoolerRate, isHigh: boolean, surroundings: Surroundings): FindingDraft {
  const {waitMs, busy, perSecond} = rate
  const entry = pooler.databases.find(({name}) => name === rate.database)
  const limit = busiest(pooler, rate.database)
  // Little's law: those that wait, with those that are served, are what the pool must hold.
  const queue = (waitMs * perSecond) / 1000
  const wanted = Math.ceil(Math.max(busy + queue, busy + 2 * Math.sqrt(busy)))
  const growth = limit ? growthOf(limit, wanted, surroundings) : {line: null, because: 'its pool is gone by now'}
  return {
    severity: isHigh ? 'high' : 'medium',
    subject: entry ? entryName(pooler, entry) : `database ${JSON.stringify(rate.database)}`,
    title: `Each transaction waits ${milliseconds(waitMs)} for a server connection`,
    detail:
      `On average over ${seconds(rate.seconds)}; single ones wait longer. ` +
      `${growth.because.charAt(0).toUpperCase()}${growth.because.slice(1)}.`,
    evidence: evidence(rate, queue, limit?.poolSize),
    confidence: 'measured',
    fixes: growthFixes(growth, surroundings.activity),
  }
}

const SOURCE = 'SHOW STATS, two looks'

const evidence = ({waitMs, perSecond, busy}: PoolerRate, queue: number, size?: number): Evidence[] => [
  {label: 'wait per transaction', value: waitMs, unit: 'milliseconds', source: SOURCE},
  {label: 'transactions', value: perSecond, unit: 'per second', source: SOURCE},
  {label: 'server connections in use, average', value: busy, source: SOURCE},
  {label: 'clients waiting, average', value: queue, source: `${SOURCE}: wait x rate`},
  ...(size === undefined ? [] : [{label: 'pool size', value: size, source: 'SHOW DATABASES'}]),
]

/** SHOW STATS is by database: its pool with most to do. */
function busiest(pooler: Pooler, database: string) {
  const busyOf = (user: string | null) => {
    const pool = poolsNow(pooler).find(each => each.database === database && each.user === user)
    return pool ? pool.clientsWaiting * 1000 + pool.serversActive : -1
  }
  const pools = poolCapacity([pooler], (_, {name}) => name === database).pools
  return pools.sort((a, b) => busyOf(b.user) - busyOf(a.user))[0]
}
