import {poolerName, poolerSetting} from '../../derive/pooler.js'
import {changeSteps} from '../../derive/pooler-processes.js'
import {defineRule, type FindingDraft} from '../../rule.js'
import type {Pooler} from '../../snapshot.js'
import {milliseconds, number} from '../../units.js'

export default defineRule({
  id: 'pooler/single-process',
  title: 'One PgBouncer process is near a full core',
  category: 'pooler',
  asksFor: 'pooler',
  needs: ['poolers'],
  options: {
    perSecond: {default: 20_000, unit: 'count', help: 'queries in a second that are much for one process'},
    answer: {default: 20, unit: 'milliseconds', help: 'high when its console needs this long as well'},
  },
  severity: {
    high: 'the rate is at or above perSecond, and the console answers late: the process has a queue of its own',
    medium: 'the rate is at or above perSecond: further load finds no further core',
  },
  why:
    'PgBouncer uses one core, however many there are. At its limit all clients get slower while the database is ' +
    'bored, and no setting of the pools changes that.',
  references: ['https://www.pgbouncer.org/config.html#so_reuseport'],
  check({poolers}, options) {
    const known = poolers.flatMap(pooler => {
      const rate = queriesPerSecond(pooler)
      return rate === null ? [] : [{pooler, rate, answer: medianAnswer(pooler)}]
    })
    if (known.length === 0) {
      return {cannotJudge: 'the counters were read once only', cure: 'ahsp-db check --window 10'}
    }
    const busiest = Math.max(...known.map(({rate}) => rate))
    return {
      summary: `${number(busiest)} queries in a second, answers in ${milliseconds(Math.max(...known.map(({answer}) => answer)))}`,
      findings: known
        .filter(({rate}) => rate >= options.perSecond)
        .map(({pooler, rate, answer}) => finding(pooler, rate, answer, answer >= options.answer)),
    }
  },
})

/** Between the first and the last look; null: there was one look, or the counters were reset. */
function queriesPerSecond({samples}: Pooler): number | null {
  const [first, last] = [samples[0], samples.at(-1)]
  if (!first || !last || last.at - first.at < 0.5) return null
  const count = (stats: {queries: number}[]) => stats.reduce((sum, {queries}) => sum + queries, 0)
  const queries = count(last.stats) - count(first.stats)
  return queries < 0 ? null : queries / (last.at - first.at)
}

function medianAnswer({samples}: Pooler): number {
  const sorted = samples.map(({answeredMs}) => answeredMs).sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}

function finding(pooler: Pooler, rate: number, answer: number, isLate: boolean): FindingDraft {
  const isShared = poolerSetting(pooler, 'so_reuseport') === '1'
  return {
    severity: isLate ? 'high' : 'medium',
    subject: poolerName(pooler),
    title: `${number(rate)} queries in a second through one PgBouncer process`,
    detail:
      (isLate ? `Its console took ${milliseconds(answer)} to answer, which the network may explain as well. ` : '') +
      'How busy its core is cannot be seen from the console: top -p $(pidof pgbouncer) shows it. ' +
      `${isShared ? 'It shares its port already (so_reuseport = 1): one process more, or fewer queries' : 'TLS makes each query dearer'}.`,
    evidence: [
      {label: 'queries', value: rate, unit: 'per second', source: 'SHOW STATS, two looks'},
      {label: 'console answers in', value: answer, unit: 'milliseconds', source: 'SHOW POOLS, median'},
    ],
    confidence: 'estimated',
    fixes: [
      {
        kind: 'action',
        title: 'Run two PgBouncer processes on the same port',
        risk: 'review',
        steps: changeSteps(pooler),
        note:
          pooler.versionNum >= 11900
            ? 'the kernel spreads new clients over the processes; as peers they pass cancel requests on to each other'
            : `PgBouncer ${pooler.version} has no peers (1.19+): a cancel request may reach the wrong process and be lost`,
      },
    ],
  }
}
