import type {Facts} from './facts.js'
import type {Phase} from './phases.js'
import type {Criterion} from './types.js'

/** The phase's table: target, measured, pass or fail. What was not measured is said, never passed. */
export function criteriaOf(phase: Phase, facts: Facts, errors: Errors): Criterion[] {
  const {step, client} = facts
  const {success, errors: failed, p50, p95, p99} = phase
  const missing = client ? `not in ${client.format}` : 'give --locust PREFIX or --k6 FILE'
  const row = (
    name: string,
    limit: Limit,
    measured: number | null,
    unit: Criterion['unit'],
    source: string,
  ): Criterion => ({
    name,
    target: targetText(limit, phase.isInclusive, unit),
    measured,
    unit,
    result: measured === null ? 'cannot judge' : passes(measured, limit, phase.isInclusive) ? 'pass' : 'fail',
    source: measured === null ? missing : source,
  })
  const latency = (name: string, most: number | null, measured: number | null) =>
    most === null ? [] : [row(name, {most}, measured, 'milliseconds', 'plateau')]
  return [
    row('success', {least: success}, errors.percent === null ? null : 100 - errors.percent, 'percent', errors.source),
    ...latency('P50', p50, step.p50),
    ...latency('P95', p95, step.p95),
    ...latency('P99', p99, step.p99),
    ...(failed === null ? [] : [row('errors', {most: failed}, errors.percent, 'percent', errors.source)]),
    ...(phase.alsoAsks === null ? [] : [besides(phase.alsoAsks)]),
  ]
}

type Limit = {least: number} | {most: number}

const passes = (measured: number, limit: Limit, isInclusive: boolean) => {
  if ('least' in limit) return isInclusive ? measured >= limit.least : measured > limit.least
  return isInclusive ? measured <= limit.most : measured < limit.most
}

const targetText = (limit: Limit, isInclusive: boolean, unit: string) => {
  const [sign, value] = 'least' in limit ? ['>', limit.least] : ['<', limit.most]
  return `${sign}${isInclusive ? '=' : ''} ${value} ${unit === 'percent' ? '%' : 'ms'}`
}

const besides = (what: string): Criterion => ({
  name: 'besides',
  target: what,
  measured: null,
  unit: 'count',
  result: 'cannot judge',
  source: 'run the light phase again afterwards, and compare',
})

export type Errors = {requests: number | null; failures: number | null; percent: number | null; source: string}

/** Failures of the ramp count, too: a crowd at the login is what the ramp is there to see. */
export function errorsOf({client, whole}: Facts): Errors {
  const none = {requests: null, failures: null, percent: null, source: ''}
  if (!client) return none
  const points = client.points.filter(({at}) => at > whole.from && at <= whole.to)
  const isAll = points.length === client.points.length
  const sum = (of: 'requests' | 'failures') => points.reduce((all, point) => all + point[of], 0)
  const {requests, failures} = isAll ? client.total : {requests: sum('requests'), failures: sum('failures')}
  if (failures === null || requests === 0) return {...none, requests}
  const source = isAll ? 'all requests of the run' : 'requests from the ramp on'
  return {requests, failures, percent: (failures / requests) * 100, source}
}
