import {describe, expect, test} from 'vitest'
import {verdictExitCode} from '../../../src/cli/verdict.js'
import {goOf} from '../../../src/loadtest/verdict/next.js'
import type {Condition} from '../../../src/loadtest/verdict/types.js'
import {clientOf, failure, finding, judge, type RunParts, reportOf, runOf} from './builders.js'

const judged = (run: RunParts = {}, load = {}, part = {}) => judge(runOf(run), clientOf(load), part)
const results = async (run?: RunParts, load?: object, part?: object) => {
  const {next} = await judged(run, load, part)
  return Object.fromEntries(next.conditions.map(({name, result}): [string, Condition['result']] => [name, result]))
}

test('GO: the next step of the ladder, all conditions met', async () => {
  const verdict = await judged()
  expect(verdict.next).toMatchObject({verdict: 'GO', users: 100, phase: 'heavy'})
  expect(new Set(verdict.next.conditions.map(({result}) => result))).toEqual(new Set(['met']))
  expect(verdict.headline).toBe('GO for 100 users: medium passed; all 7 conditions are met')
  expect(verdictExitCode(verdict, false)).toBe(0)
})

test('one margin within 10 % is GO, two are CONDITIONAL, one that fails is NO-GO', () => {
  const go = (...results: Condition['result'][]) =>
    goOf(results.map(result => ({result, isEssential: false}) as Condition))
  expect(go('met', 'tight')).toBe('GO')
  expect(go('met', 'tight', 'tight')).toBe('CONDITIONAL')
  expect(go('met', 'unknown')).toBe('CONDITIONAL')
  expect(go('met', 'tight', 'failed', 'unknown')).toBe('NO-GO')
})

describe('each condition', () => {
  test.each<[string, RunParts, object, Condition['result']]>([
    ['errors', {}, {failing: (second: number) => (second <= 40 ? 1 : 0)}, 'failed'],
    ['errors', {}, {failing: (second: number) => (second <= 39 ? 1 : 0)}, 'tight'],
    ['P95', {}, {p95: 750}, 'failed'],
    ['P95', {}, {p95: 700}, 'tight'],
    ['P95', {}, {p95: 675}, 'met'],
    ['P50', {}, {mean: 300}, 'failed'],
    ['peak connections', {activity: {total: 77}}, {}, 'failed'],
    ['peak connections', {activity: {total: 76}}, {}, 'tight'],
    [
      'wait for a pooled connection',
      {pools: {}, poolSample: ({second}) => ({waitMicros: second * 50 * 10_001})},
      {},
      'failed',
    ],
    [
      'wait for a pooled connection',
      {pools: {}, poolSample: ({second}) => ({waitMicros: second * 50 * 10_000})},
      {},
      'tight',
    ],
    ['deadlocks and timeouts', {counters: ({second}) => ({deadlocks: second > 50 ? 1 : 0})}, {}, 'failed'],
    ['deadlocks and timeouts', {run: {counters: []}}, {}, 'unknown'],
    ['predicted active sessions', {start: {cpus: null}}, {}, 'unknown'],
  ])('%s', async (name, run, load, result) => {
    expect((await results(run, load))[name]).toBe(result)
  })

  test('a statement timeout told by the client', async () => {
    const failures = [failure('GET', '/', 'canceling statement due to statement timeout', 1)]
    expect(await results({}, {failing: (second: number) => (second === 5 ? 1 : 0), failures})).toMatchObject({
      'deadlocks and timeouts': 'failed',
    })
  })

  test('a certain N+1 loop', async () => {
    expect(await results({}, {}, {report: reportOf([finding('queries/n-plus-one')])})).toMatchObject({
      'certain N+1 loops': 'failed',
    })
  })

  test('no snapshot of the end: N+1 is not known, and it is conditional at best', async () => {
    const verdict = await judged({run: {snapshots: {start: null, end: null}}})
    expect(verdict.next.verdict).toBe('CONDITIONAL')
    expect(verdict.headline).toContain('certain N+1 loops not known: the run file has no snapshot of its end')
  })
})

test('one tight margin is GO, two are CONDITIONAL', async () => {
  expect((await judged({}, {p95: 700})).next.verdict).toBe('GO')
  const two = await judged({activity: {total: 74}}, {p95: 700})
  expect(two.next.verdict).toBe('CONDITIONAL')
  expect(verdictExitCode(two, false)).toBe(1)
  expect(verdictExitCode(two, true)).toBe(0)
})

test('a prediction on an assumption forbids nothing, but is no GO', async () => {
  const {next} = await judged({activity: {total: 60}})
  expect(next.conditions.find(({name}) => name === 'predicted connections')).toMatchObject({result: 'unknown'})
  expect(next.verdict).toBe('CONDITIONAL')
})

describe('how far', () => {
  test('no step of the ladder is skipped', async () => {
    const {next} = await judged({}, {}, {nextUsers: 120})
    expect(next).toMatchObject({verdict: 'NO-GO', users: 120})
    expect(next.conditions.at(-1)!.note).toBe('it skips the step with 100 users')
  })

  test('a smaller step than the ladder', async () => {
    expect((await judged({}, {}, {nextUsers: 75})).next).toMatchObject({verdict: 'GO', users: 75, phase: 'medium'})
  })

  test('from 10 to 30 is farther than may be told', async () => {
    const {next} = await judged({start: {users: 10}}, {users: 10, mean: 50})
    expect(next.users).toBe(30)
    expect(next.conditions.at(-1)!.note).toContain('25 users, from steps with 10, as far as can be told')
  })

  test('beyond the last step: 2.5 times', async () => {
    const {next} = await judged({start: {users: 1000}}, {users: 1000}, {nextUsers: 2501})
    expect(next.conditions.at(-1)!.note).toContain('nothing can be told beyond 2.5 times the 1,000 that were tested')
  })

  test('the last step has no next one', async () => {
    const verdict = await judged({start: {users: 1000}}, {users: 1000})
    expect(verdict.next).toMatchObject({users: null, phase: null})
    expect(verdict.headline).toMatch(/^GO for the next step: ultimate passed/)
  })
})

test('users not known: cannot judge, exit 2', async () => {
  const verdict = await judge(runOf({start: {users: null}}), null)
  expect(verdict.headline).toContain('CANNOT JUDGE the next step')
  expect(verdict.run.phaseSource).toContain('--users')
  expect(verdictExitCode(verdict, true)).toBe(2)
})

test('what is missing does not hide what failed', async () => {
  const {next} = await judge(runOf({activity: {total: 90}}), null)
  expect(next.verdict).toBe('NO-GO')
})
