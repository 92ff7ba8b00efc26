import {describe, expect, it} from 'vitest'
import {expectedWaitMs} from '../../src/capacity/load.js'
import {innerRate, solveClosed, waitQuantile} from '../../src/loadtest/queueing.js'
import {fitUsl} from '../../src/loadtest/usl.js'
import {even, exponential, random, simulate} from './simulation.js'

const pool = (users: number, servers: number, hold: number, think: number) => ({
  users,
  servers,
  thinkSeconds: think,
  rate: (held: number) => held / hold,
})

describe('a closed multi-server queue', () => {
  it('one user never waits: N = X (R + Z)', () => {
    const {throughput, waitSeconds, busy} = solveClosed(pool(1, 1, 0.05, 0.45))
    expect(throughput).toBeCloseTo(2, 9)
    expect(waitSeconds).toBe(0)
    expect(busy).toBeCloseTo(0.1, 9)
  })

  it('two users and one server: the balance written out', () => {
    // rates: think 1/Z = 1, serve 1/S = 2; p1 = 2/2 p0, p2 = 1/2 p1
    const {throughput, busy, waiting} = solveClosed(pool(2, 1, 0.5, 1))
    expect(busy).toBeCloseTo(0.6, 9)
    expect(throughput).toBeCloseTo(1.2, 9)
    expect(waiting).toBeCloseTo(0.2, 9)
  })

  it('the response time law holds for every size, also where powers of N would overflow', () => {
    for (const [users, servers] of [
      [10, 4],
      [200, 20],
      [3000, 140],
    ] as const) {
      const {throughput, waitSeconds, busy} = solveClosed(pool(users, servers, 0.05, 0.5))
      expect(throughput * (0.05 + 0.5 + waitSeconds)).toBeCloseTo(users, 6)
      expect(busy).toBeCloseTo(throughput * 0.05, 6)
    }
  })

  it('with very many users that think very long it is the open queue of Erlang C', () => {
    const users = 4000
    const {waitSeconds, throughput} = solveClosed(pool(users, 6, 0.05, users / 100 - 0.05))
    expect(throughput).toBeGreaterThan(99)
    expect(waitSeconds * 1000).toBeGreaterThan(expectedWaitMs(5, 6, 50) * 0.9)
    expect(waitSeconds * 1000).toBeLessThan(expectedWaitMs(5, 6, 50))
  })

  it('agrees with a simulation, event by event', () => {
    for (const users of [20, 60, 75]) {
      const next = random(users)
      const played = simulate({
        users,
        servers: 6,
        think: exponential(0.4, next),
        hold: exponential(0.04, next),
        seconds: 3000,
      })
      const system = pool(users, 6, 0.04, 0.4)
      const solved = solveClosed(system)
      expect(solved.throughput / played.throughput).toBeCloseTo(1, 1.5)
      expect(Math.abs(solved.waitSeconds - played.waitSeconds) * 1000).toBeLessThan(
        0.1 * played.waitSeconds * 1000 + 0.2,
      )
      expect(Math.abs(waitQuantile(system, 0.95) - played.waitP95) * 1000).toBeLessThan(0.1 * played.waitP95 * 1000 + 1)
    }
  })

  it('hold times that do not vary wait about half as long', () => {
    const next = random(1)
    const played = simulate({users: 55, servers: 6, think: even(0.4, next), hold: () => 0.04, seconds: 3000})
    const {waitSeconds} = solveClosed(pool(55, 6, 0.04, 0.4))
    expect(played.waitSeconds / waitSeconds).toBeGreaterThan(0.4)
    expect(played.waitSeconds / waitSeconds).toBeLessThan(0.7)
  })

  it('the quantile of the wait: nobody, the exponential tail of one server, and hundreds that wait', () => {
    expect(waitQuantile(pool(4, 4, 0.05, 0.5), 0.95)).toBe(0)
    // Two users, one server: who finds the other served (share p) waits one exponential time of 0.5 s.
    const found = 1 / 3
    expect(waitQuantile(pool(2, 1, 0.5, 1), 0.95)).toBeCloseTo(-Math.log(0.05 / found) * 0.5, 6)
    // 2000 users on 10 servers: about 1890 before one, 5 ms each.
    const wait = waitQuantile(pool(2000, 10, 0.05, 0.5), 0.95)
    expect(wait).toBeGreaterThan(9.3)
    expect(wait).toBeLessThan(10.2)
  })

  it('processors inside: they bound the rate, and without a queue they do not show', () => {
    const rate = innerRate(0.01, 0.04, 2, 50)
    expect(rate(1)).toBeCloseTo(20, 9)
    expect(rate(50)).toBeLessThan(200.001)
    expect(rate(50)).toBeGreaterThan(199)
    expect(innerRate(0.01, 0.04, null, 50)(50)).toBeCloseTo(1000, 9)
  })
})

describe('the Universal Scalability Law', () => {
  const law = (users: number) => (10 * users) / (1 + 0.02 * (users - 1) + 0.0005 * users * (users - 1))
  const points = (...counts: number[]) => counts.map(users => ({users, throughput: law(users)}))

  it('finds the parameters that made the points', () => {
    const found = fitUsl(points(5, 10, 20, 40))
    expect(found?.contention).toBeCloseTo(0.02, 6)
    expect(found?.coherency).toBeCloseTo(0.0005, 8)
    expect(found?.at(80)).toBeCloseTo(law(80), 3)
  })

  it('says nothing with two steps, nor where it does not fit', () => {
    expect(fitUsl(points(5, 10))).toBeNull()
    expect(fitUsl([...points(10, 20, 30), {users: 40, throughput: 3 * law(40)}])).toBeNull()
  })

  it('a straight line has no contention', () => {
    const found = fitUsl([10, 20, 40].map(users => ({users, throughput: 2 * users})))
    expect(found?.contention).toBeCloseTo(0, 9)
    expect(found?.at(80)).toBeCloseTo(160, 6)
  })
})
