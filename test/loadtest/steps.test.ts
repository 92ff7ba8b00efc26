import {describe, expect, it} from 'vitest'
import {stepOf} from '../../src/loadtest/steps.js'
import {activity, client, counters, emptyRun, point, pools} from './builders.js'

const SPAN = {users: 50, from: 1000, to: 1010}

describe('one step of the ladder', () => {
  it('nothing watched, no client: nothing but nulls', () => {
    const step = stepOf(emptyRun(), null, SPAN)
    expect(step).toMatchObject({users: 50, seconds: 10, success: null, busy: null, holdMs: null, thinkSeconds: null})
  })

  it('requests of the span alone; a point covers the time before it', () => {
    const points = [
      point(999, {requests: 1000, failures: 900}),
      point(1005, {requests: 60, failures: 3, p95: 200}),
      point(1010, {requests: 40, failures: 2, p95: 300}),
      point(1015, {requests: 1000, failures: 900}),
    ]
    const step = stepOf(emptyRun(), client(points), SPAN)
    expect(step).toMatchObject({requests: 100, failures: 5, success: 95, p95: 240})
    expect(step.requestsPerSecond).toBeCloseTo(100 / 11, 9)
  })

  it('a client without intervals tells of the whole run; failures that are not told are no success', () => {
    const whole = client([], {
      total: {requests: 400, failures: null, requestsPerSecond: 12, users: 50, mean: 1, p50: 2, p95: 3, p99: 4, max: 5},
    })
    expect(stepOf(emptyRun(), whole, SPAN)).toMatchObject({requests: 400, success: null, p95: 3, requestsPerSecond: 12})
  })

  it('busy by the server: times over seconds; hold and think by the laws of Little and of the response time', () => {
    const run = emptyRun({
      counters: [
        counters(1000, {commits: 100, activeMs: 0, idleInTransactionMs: 0}),
        counters(1010, {commits: 1090, rollbacks: 10, activeMs: 30_000, idleInTransactionMs: 10_000}),
      ],
      activity: [activity(1001, {active: 3, idleInTransaction: 1, total: 50}), activity(1006, {active: 5, total: 60})],
    })
    const step = stepOf(run, null, SPAN)
    expect(step.transactionsPerSecond).toBe(100)
    expect(step.busy).toEqual({mean: 4, peak: 6})
    expect(step.holdMs).toBe(40)
    expect(step.thinkSeconds).toBeCloseTo(0.46, 9)
    expect(step.connections).toEqual({mean: 55, peak: 60})
    expect(step.waitMs).toBeNull()
  })

  it('looks miss nobody: where the counters tell much less, they go before them', () => {
    const run = emptyRun({
      counters: [counters(1000), counters(1010, {commits: 1000, activeMs: 1000})],
      activity: [activity(1001, {active: 4, idleInTransaction: 0}), activity(1005, {active: 4, idleInTransaction: 0})],
    })
    expect(stepOf(run, null, SPAN).busy?.mean).toBe(4)
  })

  it("the pooler's own times go before both; its wait is not held", () => {
    const waiting = (clientsWaiting: number) => [
      {
        database: 'ahsp',
        user: 'app',
        clientsActive: 5,
        clientsWaiting,
        serversActive: 5,
        serversIdle: 0,
        serversOther: 0,
        maxWait: 0,
        poolMode: 'transaction',
      },
    ]
    const run = emptyRun({
      pools: [
        pools(1000, {pools: waiting(0)}),
        pools(1010, {pools: waiting(4), transactions: 500, transactionMicros: 30e6, waitMicros: 5e6}),
      ],
      counters: [counters(1000), counters(1010, {commits: 9999, activeMs: 9999})],
      activity: [activity(1005)],
    })
    expect(stepOf(run, null, SPAN)).toMatchObject({
      transactionsPerSecond: 50,
      waitMs: 10,
      holdMs: 50,
      busy: {mean: 2.5},
      poolWaiting: {mean: 2, peak: 4},
    })
  })

  it('a restart or a reset in between: no rates', () => {
    for (const part of [{startedAt: 2, commits: 500}, {commits: -500}]) {
      const run = emptyRun({counters: [counters(1000), counters(1010, part)]})
      expect(stepOf(run, null, SPAN).transactionsPerSecond).toBeNull()
    }
  })
})
