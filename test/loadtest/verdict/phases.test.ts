import {expect, test} from 'vitest'
import {ladderOf, phaseAfter, phaseAt, ZONES, zoneOf} from '../../../src/loadtest/verdict/phases.js'
import {clientOf, judge, runOf} from './builders.js'

test('the built-in ladder', () => {
  const rows = ladderOf().map(({name, users, success, p50, p95, p99, errors}) => [
    name,
    users,
    success,
    p50,
    p95,
    p99,
    errors,
  ])
  expect(rows).toEqual([
    ['baseline', 10, 100, 150, 300, 2200, 0],
    ['light', 30, 99, 200, 500, 1000, 1],
    ['medium', 50, 98, 300, 750, 1500, 2],
    ['heavy', 100, 95, 500, 1000, 2000, 5],
    ['stress', 200, 90, 1000, 2000, 3000, 10],
    ['peak', 500, 80, null, null, null, null],
    ['ultimate', 1000, 70, null, null, null, null],
  ])
})

test.each([
  [1, 'baseline'],
  [10, 'baseline'],
  [29, 'baseline'],
  [30, 'light'],
  [150, 'heavy'],
  [5000, 'ultimate'],
])('%i users are judged by the step at or below: %s', (users, name) => {
  expect(phaseAt(ladderOf(), users).name).toBe(name)
})

test('after the last step there is none', () => {
  expect(phaseAfter(ladderOf(), 50)?.users).toBe(100)
  expect(phaseAfter(ladderOf(), 1000)).toBeNull()
})

test('the configuration replaces single numbers, also the order', () => {
  const ladder = ladderOf({light: {users: 60, p95: 900}})
  expect(ladder.map(({name}) => name).slice(0, 3)).toEqual(['baseline', 'medium', 'light'])
  expect(ladder[2]).toMatchObject({users: 60, p95: 900, p50: 200})
})

test.each([
  [59.9, 'safe'],
  [60, 'warning'],
  [80, 'warning'],
  [80.1, 'critical'],
])('CPU at %d %%: %s', (percent, zone) => {
  expect(zoneOf(percent, ZONES.cpu)).toBe(zone)
})

const results = async (users: number, load: Parameters<typeof clientOf>[0]) => {
  const {criteria} = await judge(runOf({start: {users}}), clientOf({users, ...load}))
  return Object.fromEntries(criteria.map(({name, target, result}) => [`${name} ${target}`, result]))
}

test('a limit is exceeded when it is reached', async () => {
  expect(await results(50, {mean: 300, p95: 749})).toMatchObject({'P50 < 300 ms': 'fail', 'P95 < 750 ms': 'pass'})
  expect(await results(50, {failing: second => (second <= 40 ? 1 : 0)})).toMatchObject({
    'success > 98 %': 'fail',
    'errors < 2 %': 'fail',
  })
})

test('but not where it cannot be exceeded: 100 % success', async () => {
  expect(await results(10, {mean: 150, p95: 300})).toMatchObject({
    'success >= 100 %': 'pass',
    'P50 <= 150 ms': 'pass',
    'P95 <= 300 ms': 'pass',
    'errors <= 0 %': 'pass',
  })
})

test('what no counter shows is never passed', async () => {
  expect(await results(500, {})).toEqual({'success > 80 %': 'pass', 'besides recovers': 'cannot judge'})
})

test('failures of the ramp count', async () => {
  expect(await results(50, {failing: second => (second <= 10 ? 10 : 0)})).toMatchObject({'success > 98 %': 'fail'})
})

test('nothing is passed without the load generator', async () => {
  const {criteria, passed, next} = await judge(runOf(), null)
  expect(new Set(criteria.map(({result}) => result))).toEqual(new Set(['cannot judge']))
  expect(passed).toBeNull()
  expect(next.verdict).toBe('CANNOT JUDGE')
})

test('the phase that was told', async () => {
  const {run} = await judge(runOf(), clientOf(), {phase: 'stress'})
  expect(run).toMatchObject({phase: 'stress', phaseSource: 'as told (--phase)'})
})

test('peaks by the resource table', async () => {
  const {peaks} = await judge(runOf({activity: {total: 90}}), clientOf(), {peaks: {cpu: 71, memory: null}})
  expect(peaks.map(({name, zone}) => [name, zone])).toEqual([
    ['CPU', 'warning'],
    ['memory', null],
    ['database connections', 'critical'],
  ])
})
