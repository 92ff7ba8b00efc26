import {describe, expect, it} from 'vitest'
import {breakingUsers} from '../../src/loadtest/breaking.js'
import type {Limits} from '../../src/loadtest/limits.js'
import {predict} from '../../src/loadtest/predict.js'
import type {LadderStep} from '../../src/loadtest/steps.js'
import {exponential, type Played, random, simulate} from './simulation.js'

const LIMITS: Limits = {
  pool: null,
  pools: 0,
  poolName: 'pool_size of 1 pool',
  usable: null,
  cores: null,
  p95Ms: null,
  waitMs: 10,
}

const both = (value: number) => ({mean: value, peak: value})

const step = (users: number, part: Partial<LadderStep>): LadderStep => ({
  users,
  seconds: 60,
  requests: null,
  failures: null,
  requestsPerSecond: null,
  success: null,
  meanMs: null,
  p50: null,
  p95: null,
  p99: null,
  connections: null,
  busy: null,
  active: null,
  running: null,
  poolWaiting: null,
  waitMs: null,
  transactionsPerSecond: null,
  holdMs: null,
  thinkSeconds: null,
  errors: {hold: null, throughput: null},
  ...part,
})

/** 40 ms of 6 connections, 400 ms of thinking. */
function played(users: number): Played {
  const next = random(users)
  const known = simulated.get(users)
  const result =
    known ?? simulate({users, servers: 6, think: exponential(0.4, next), hold: exponential(0.04, next), seconds: 1000})
  simulated.set(users, result)
  return result
}

const simulated = new Map<number, Played>()

function measured(users: number): LadderStep {
  const {throughput, busy, waitSeconds, waitP95} = played(users)
  return step(users, {
    transactionsPerSecond: throughput,
    requestsPerSecond: throughput,
    busy: both(busy),
    holdMs: (busy / throughput) * 1000,
    waitMs: waitSeconds * 1000,
    p95: 120 + waitP95 * 1000,
  })
}

const POOL = {...LIMITS, pool: 6, pools: 1}
const steps = [10, 20, 30].map(measured)

describe('the next step, where the times stay as they are', () => {
  it('throughput, busy connections and waiting as simulated, before and beyond the end of the pool', () => {
    for (const users of [50, 70]) {
      const truth = played(users)
      const {transactionsPerSecond, busy, waitMs, known, refused} = predict(steps, users, POOL)
      expect(refused).toBeNull()
      expect(known).toBe('estimated')
      expect(transactionsPerSecond!.value / truth.throughput).toBeCloseTo(1, 1.3)
      expect(busy!.value / truth.busy).toBeCloseTo(1, 1.3)
      for (const [estimate, value] of [
        [transactionsPerSecond!, truth.throughput],
        [busy!, truth.busy],
        [waitMs!, truth.waitSeconds * 1000],
      ] as const) {
        expect(estimate.low).toBeLessThanOrEqual(value * 1.02)
        expect(estimate.high).toBeGreaterThanOrEqual(value * 0.98)
      }
    }
  })

  it('P95 grows by what is waited', () => {
    const truth = 120 + played(70).waitP95 * 1000
    const {p95} = predict(steps, 70, POOL)
    expect(p95!.low).toBeLessThan(truth)
    expect(p95!.high).toBeGreaterThan(truth)
    expect(Math.abs(p95!.value / truth - 1)).toBeLessThan(0.25)
  })

  it('the pool breaks where the simulation waits 10 ms', () => {
    const truth = [...Array(40).keys()].map(more => 45 + more).find(users => played(users).waitSeconds > 0.01)!
    const {first, searchedTo} = breakingUsers(steps, POOL)
    expect(searchedTo).toBe(75)
    expect(first).toMatchObject({link: 'pool', known: 'estimated'})
    expect(Math.abs(first!.users / truth - 1)).toBeLessThan(0.1)
    expect(first!.low).toBeLessThanOrEqual(truth)
    expect(first!.high).toBeGreaterThanOrEqual(truth)
  })

  it('names its methods, and checks itself against the last step', () => {
    const {methods, check, notes} = predict(steps, 50, POOL)
    expect(notes.join()).not.toMatch(/Several pools/)
    expect(predict(steps, 50, {...POOL, pools: 2}).notes.join()).toMatch(/Several pools/)
    expect(methods.map(({name}) => name).join()).toMatch(/Little.*response time law.*M\/M\/c/)
    expect(methods.every(({source}) => source.length > 0)).toBe(true)
    expect(check!.users).toBe(30)
    expect(check!.predicted / check!.measured).toBeCloseTo(1, 1.3)
  })

  it('a wait that nobody measured is found from the throughput', () => {
    const blind = [20, 50].map(users => ({...measured(users), waitMs: null}))
    const truth = played(70)
    const {waitMs} = predict(blind, 70, POOL)
    expect(waitMs!.low).toBeLessThan(truth.waitSeconds * 1000)
    expect(waitMs!.high).toBeGreaterThan(truth.waitSeconds * 1000)
  })
})

describe('how far, and how sure', () => {
  it('no number beyond 2.5 times what was tested', () => {
    const {refused, transactionsPerSecond, p95, busy, first} = predict(steps, 76, POOL)
    expect(refused).toMatch(/76 users are more than 2.5 times the 30 that were tested: test at 75 or fewer/)
    expect([transactionsPerSecond, p95, busy, first]).toEqual([null, null, null, null])
    expect(predict(steps, 75, POOL).refused).toBeNull()
  })

  it('one step: assumed, linear, and wider than with three', () => {
    const one = predict(steps.slice(-1), 50, POOL)
    const three = predict(steps, 50, POOL)
    expect(one.known).toBe('assumed')
    expect(one.methods[0]!.name).toMatch(/linear.*assumed/)
    const width = ({busy}: typeof one) => busy!.high - busy!.low
    expect(width(one)).toBeGreaterThan(2 * width(three))
    expect(one.busy!.value / ((steps[2]!.busy!.mean / 30) * 50)).toBeCloseTo(1, 1)
    expect(breakingUsers(steps.slice(-1), POOL).first!.known).toBe('assumed')
  })

  it('nothing measured, nothing told', () => {
    const {refused, busy} = predict([step(10, {})], 20, POOL)
    expect(refused).toMatch(/no step has/)
    expect(busy).toBeNull()
    expect(breakingUsers([], POOL)).toEqual({first: null, links: [], searchedTo: 0})
  })

  it('a step that was run says more than a formula', () => {
    const over = [...steps, {...measured(40), waitMs: 12}]
    expect(breakingUsers(over, POOL).first).toMatchObject({link: 'pool', users: 40, known: 'measured'})
    const held = [...steps, {...measured(40), users: 60, waitMs: 1}]
    expect(breakingUsers(held, POOL).links.find(({link}) => link === 'pool')?.users).toBeGreaterThan(60)
  })
})

describe('other links', () => {
  const linear = (users: number, part: Partial<LadderStep> = {}) =>
    step(users, {
      transactionsPerSecond: users * 2,
      holdMs: 20,
      busy: both(users * 0.04),
      running: both(users * 0.01),
      connections: both(users + 5),
      ...part,
    })

  it('connections of the server, one for each user', () => {
    const {first} = breakingUsers([linear(20), linear(50)], {...LIMITS, usable: 97})
    expect(first).toMatchObject({link: 'connections', users: 93, known: 'estimated'})
    expect(first!.low).toBeLessThan(93)
    const next = predict([linear(20), linear(50)], 100, {...LIMITS, usable: 97})
    expect(next.connections!.value).toBeCloseTo(105, 6)
    expect(next.first?.link).toBe('connections')
    expect(predict([linear(20), linear(50)], 80, {...LIMITS, usable: 97}).first).toBeNull()
  })

  it('processors: sessions that want to run, with their queue', () => {
    const near = [linear(20), linear(50)]
    const {first} = breakingUsers(near, {...LIMITS, cores: 1})
    // 5 ms of one processor each: at 67 users two thirds of it are in use, and two want it at a time.
    expect(first!.link).toBe('cores')
    expect(first!.users).toBeGreaterThan(60)
    expect(first!.users).toBeLessThan(80)
    const {transactionsPerSecond, running} = predict(near, 125, {...LIMITS, cores: 1})
    expect(transactionsPerSecond!.value).toBeLessThan(200.001)
    expect(running!.value).toBeGreaterThan(2)
    expect(predict(near, 125, {...LIMITS, cores: 8}).transactionsPerSecond!.value).toBeCloseTo(250, 0)
  })

  it('P95 against the limit of the phase', () => {
    const {first} = breakingUsers(steps, {...POOL, waitMs: 1e6, p95Ms: 220})
    expect(first?.link).toBe('p95')
    expect(played(first!.users).waitP95 * 1000 + 120).toBeGreaterThan(180)
    expect(played(first!.users).waitP95 * 1000 + 120).toBeLessThan(260)
  })

  it('locks: the hold time grows, three steps fit the scalability law, and throughput stays below the line', () => {
    const law = (users: number) => (2 * users) / (1 + 0.004 * (users - 1) + 0.0001 * users * (users - 1))
    const contended = (users: number) => {
      const throughput = law(users)
      const hold = users / throughput - 0.48
      return linear(users, {transactionsPerSecond: throughput, holdMs: hold * 1000, busy: both(throughput * hold)})
    }
    const {transactionsPerSecond, methods, notes} = predict([10, 30, 50].map(contended), 100, LIMITS)
    expect(methods.map(({name}) => name)).toContain('Universal Scalability Law')
    expect(notes.join()).toMatch(/hold their connection longer/)
    expect(transactionsPerSecond!.value).toBeLessThan(law(100) * 1.2)
    expect(transactionsPerSecond!.low).toBeLessThanOrEqual(law(100) * 1.001)
    const two = predict([10, 50].map(contended), 100, LIMITS)
    expect(two.methods.map(({name}) => name)).not.toContain('Universal Scalability Law')
  })

  it('more transactions at once than users: a rate, and Erlang C', () => {
    const open = [5, 10].map(users =>
      step(users, {transactionsPerSecond: users * 40, holdMs: 50, busy: both(users * 2), waitMs: 0}),
    )
    const {methods, busy, waitMs} = predict(open, 14, {...LIMITS, pool: 30})
    expect(methods.map(({name}) => name)).toContain('Erlang C')
    expect(busy!.value).toBeCloseTo(28, 6)
    expect(waitMs!.value).toBeGreaterThan(5)
    expect(predict(open, 20, {...LIMITS, pool: 30}).first?.link).toBe('pool')
  })
})
