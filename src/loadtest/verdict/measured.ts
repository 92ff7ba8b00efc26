import {WAIT_LIMIT_MS} from '../../derive/pool-budget.js'
import {milliseconds, number} from '../../units.js'
import {counterRates, pooledRates} from '../rates.js'
import {condition, percent} from './condition.js'
import type {Errors} from './criteria.js'
import {type Facts, resultsOf, within} from './facts.js'
import {meaningOf} from './messages.js'
import type {Phase} from './phases.js'
import type {Condition, Criterion} from './types.js'

/** Of the usable connections. */
const MOST_CONNECTIONS_PERCENT = 80

/** What this step itself must have shown before the next one is taken. */
export function measuredConditions(
  facts: Facts,
  phase: Phase | null,
  errors: Errors,
  criteria: readonly Criterion[],
): Condition[] {
  const {connections} = facts
  return [
    ...(phase ? phaseConditions(facts, phase, errors) : [NO_PHASE]),
    ...criteria.filter(({name, result}) => result === 'fail' && FURTHER.includes(name)).map(failedCriterion),
    condition({
      name: 'peak connections',
      value: connections?.percent ?? null,
      limit: MOST_CONNECTIONS_PERCENT,
      unit: percent,
      note: connections ? `${connections.peak} of ${connections.usable} usable` : 'no sample tells',
      isEssential: true,
    }),
    ...waitCondition(facts),
    incidentCondition(facts),
    loopCondition(facts),
  ]
}

/** Told as conditions of their own only when they fail: the phase was not passed then. */
const FURTHER = ['P50', 'P99']

const failedCriterion = ({name, target, measured, source}: Criterion): Condition => ({
  ...{name, limit: target, note: source, margin: null, isEssential: false, result: 'failed'},
  measured: milliseconds(measured ?? 0),
})

const NO_PHASE: Condition = condition({
  name: 'the phase',
  value: null,
  limit: 0,
  unit: number,
  note: 'the number of users is not known: give --users N',
  isEssential: true,
})

function phaseConditions({client, step}: Facts, phase: Phase, errors: Errors): Condition[] {
  const missing = client ? `not in ${client.format}` : 'give --locust PREFIX or --k6 FILE'
  const common = {isEssential: true, isStrict: !phase.isInclusive}
  const failed = condition({
    name: 'errors',
    value: errors.percent,
    limit: phase.errors ?? 100 - phase.success,
    unit: percent,
    note: errors.percent === null ? missing : errors.source,
    ...common,
  })
  if (phase.p95 === null) return [failed]
  const note = step.p95 === null ? missing : 'plateau'
  return [failed, condition({name: 'P95', value: step.p95, limit: phase.p95, unit: milliseconds, note, ...common})]
}

function waitCondition({run, steady}: Facts): Condition[] {
  const pools = within(run.pools, steady)
  if (pools.length === 0) return []
  const wait = pooledRates(pools)
  return [
    condition({
      name: 'wait for a pooled connection',
      value: wait?.waitMs ?? null,
      limit: WAIT_LIMIT_MS,
      unit: milliseconds,
      note: wait ? 'per transaction, SHOW STATS' : 'nothing went through the pooler, or SHOW STATS was not read twice',
    }),
  ]
}

function incidentCondition({run, client}: Facts): Condition {
  const deadlocks = counterRates(run.counters)?.deadlocks ?? null
  const told = client?.failures ?? []
  const timeouts = told.reduce((sum, {error, count}) => sum + (meaningOf(error)?.isTimeout ? count : 0), 0)
  const refused = run.refusals.filter(({message, sqlstate}) => meaningOf(message, sqlstate)?.isTimeout).length
  const value = deadlocks === null && timeouts + refused === 0 ? null : Math.max(deadlocks ?? 0, timeouts + refused)
  const note =
    deadlocks === null
      ? 'pg_stat_database was not read twice'
      : `${deadlocks} deadlocks counted, ${timeouts} in messages`
  return condition({name: 'deadlocks and timeouts', value, limit: 0, unit: number, note, isEssential: true})
}

function loopCondition(facts: Facts): Condition {
  const [result] = resultsOf(facts, ['queries/n-plus-one'])
  const isJudged = result?.status === 'ok' || result?.status === 'found'
  const loops = result?.findings.filter(({severity}) => severity === 'high' || severity === 'critical') ?? []
  const note = isJudged ? 'queries/n-plus-one' : (result?.summary ?? 'the run file has no snapshot of its end')
  return condition({name: 'certain N+1 loops', value: isJudged ? loops.length : null, limit: 0, unit: number, note})
}
