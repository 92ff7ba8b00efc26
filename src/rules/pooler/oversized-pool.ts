import {changeLine, distinctLines, isSameLine, lineOf, poolName} from '../../derive/pool-lines.js'
import {type PoolLimit, poolCapacity, poolerName, poolerNumber, poolerRates} from '../../derive/pooler.js'
import {defineRule, type FindingDraft} from '../../rule.js'
import type {Pooler} from '../../snapshot.js'
import {seconds} from '../../units.js'

export default defineRule({
  id: 'pooler/oversized-pool',
  title: 'A pool is larger than its load ever needs',
  category: 'pooler',
  asksFor: 'pooler',
  needs: ['poolers'],
  options: {
    usedBelow: {default: 50, unit: 'percent', help: 'low when less of the pool was ever in use'},
    smallest: {default: 10, unit: 'count', help: 'pools of up to this size are left alone'},
    minSeconds: {default: 60, unit: 'seconds', help: 'a shorter watch says nothing about a peak'},
    minPerSecond: {default: 1, unit: 'count', help: 'fewer transactions in a second say nothing about a peak'},
    goodSeconds: {default: 900, unit: 'seconds', help: 'from this watch on the finding counts as estimated'},
  },
  severity: {low: 'less than usedBelow was in use in every look, under load: a promise that other pools could use'},
  why:
    'A pool admits as many transactions at once as it is large: one that is too large lets an overload reach the ' +
    'database instead of queueing it, and takes connections from the budget of the others.',
  references: ['https://www.pgbouncer.org/config.html#default_pool_size'],
  check({poolers}, options) {
    const large = poolCapacity(poolers, () => true).pools.filter(
      ({user, poolSize}) => user !== null && poolSize > options.smallest,
    )
    if (large.length === 0) {
      return {summary: `no pool is larger than ${options.smallest} server connections`, findings: []}
    }
    const isLong = ({pooler}: PoolLimit) => watchOf(pooler) >= options.minSeconds
    const isBusy = ({pooler, database}: PoolLimit) => rateOf(pooler, database.name) >= options.minPerSecond
    const judged = large.filter(limit => isLong(limit) && isBusy(limit))
    if (judged.length === 0) {
      const why = large.some(isLong)
        ? 'there was too little traffic to see a peak'
        : `a watch of less than ${seconds(options.minSeconds)} does not show a peak`
      return {cannotJudge: why, cure: `ahsp-db check --window ${options.minSeconds}   # while the application is busy`}
    }
    const isOversized = (limit: PoolLimit) => peakOf(limit) < (limit.poolSize * options.usedBelow) / 100
    const bad = judged.filter(isOversized)
    return {
      summary: judged
        .slice(0, 3)
        .map(limit => `${poolName(limit.pooler, named(limit))}: peak ${peakOf(limit)} of ${limit.poolSize}`)
        .join(', '),
      findings: distinctLines(bad.map(({pooler, database}) => lineOf(pooler, database, 'size'))).flatMap(line => {
        // A line stands for all of its pools: the busiest of them decides.
        const sharing = judged.filter(({pooler, database}) => isSameLine(line, lineOf(pooler, database, 'size')))
        const [busiest] = sharing.sort((a, b) => peakOf(b) - peakOf(a))
        return isOversized(busiest!) ? [finding(busiest!, options)] : []
      }),
    }
  },
})

const named = ({database, user}: PoolLimit) => ({database: database.name, user: user ?? ''})

const watchOf = ({samples}: Pooler): number => (samples.at(-1)?.at ?? 0) - (samples[0]?.at ?? 0)

const rateOf = (pooler: Pooler, database: string): number =>
  poolerRates(pooler).find(rate => rate.database === database)?.perSecond ?? 0

/** Connections in use at the same time, at most, over all looks. */
const peakOf = ({pooler, database, user}: PoolLimit): number =>
  Math.max(
    0,
    ...pooler.samples.flatMap(({pools}) =>
      pools
        .filter(pool => pool.database === database.name && pool.user === user)
        .map(pool => pool.serversActive + pool.clientsWaiting),
    ),
  )

type Limits = {usedBelow: number; smallest: number; goodSeconds: number}

function finding(limit: PoolLimit, {usedBelow, smallest, goodSeconds}: Limits): FindingDraft {
  const {pooler, database, poolSize} = limit
  const peak = peakOf(limit)
  const watched = watchOf(pooler)
  // Three quarters in use at the peak that was seen.
  const to = Math.max(smallest, Math.ceil(peak / Math.max(0.75, usedBelow / 100)))
  const min = database.minPoolSize ?? poolerNumber(pooler, 'min_pool_size') ?? 0
  return {
    severity: 'low',
    subject: poolName(pooler, named(limit)),
    title: `At most ${peak} of ${poolSize} server connections were in use`,
    detail:
      `In ${pooler.samples.length} looks over ${seconds(watched)}. Peaks between the looks, or at another time of ` +
      'the day, were not seen: look again at the busiest hour before you shrink it.',
    evidence: [
      {label: 'server connections in use, peak', value: peak, source: `SHOW POOLS, ${pooler.samples.length} looks`},
      {label: 'pool size', value: poolSize, source: 'SHOW DATABASES'},
      {
        label: 'transactions',
        value: rateOf(pooler, database.name),
        unit: 'per second',
        source: `SHOW STATS at ${poolerName(pooler)}`,
      },
    ],
    confidence: watched >= goodSeconds ? 'estimated' : 'assumed',
    fixes: [
      changeLine(lineOf(pooler, database, 'size'), to, {risk: 'review'}),
      ...(min > to ? [changeLine(lineOf(pooler, database, 'min'), Math.floor(to / 2), {risk: 'review' as const})] : []),
    ],
  }
}
