import {describe, expect, it} from 'vitest'
import type {ClientPoint} from '../../src/loadtest/client.js'
import {plateaus} from '../../src/loadtest/plateaus.js'
import {clientRun, point, START} from './run.js'

const seconds = (from: number, to: number, make: (second: number) => ClientPoint) =>
  Array.from({length: to - from + 1}, (_, i) => make(from + i))

describe('plateaus', () => {
  it('are stretches of constant users, without the first fifth of each', () => {
    const run = clientRun([
      ...seconds(0, 4, i => point(i, i * 2, 1000)),
      // 20 s at 10 users, of which 4 s are left out
      ...seconds(5, 25, i => point(i, 10, i <= 9 ? 500 : 10, {failures: i === 20 ? 8 : 0, p95: i <= 9 ? 999 : 40})),
      ...seconds(26, 36, i => point(i, 30, i <= 28 ? 0 : 20, {mean: 5, p50: 4, p95: i < 33 ? 50 : 100, p99: 200})),
      point(37, 0, 0),
    ])
    const [ten, thirty, ...more] = plateaus(run)
    expect(more).toEqual([])
    expect(ten).toEqual({
      users: 10,
      from: START + 9,
      to: START + 25,
      requests: 160,
      failures: 8,
      requestsPerSecond: 10,
      mean: null,
      p50: null,
      p95: 40,
      p99: null,
      latencies: 'intervals',
    })
    expect(thirty).toMatchObject({users: 30, from: START + 28, to: START + 36, requests: 160, requestsPerSecond: 20})
    expect(thirty).toMatchObject({mean: 5, p50: 4, p95: 75, p99: 200})
  })

  it('percentiles are weighted by requests', () => {
    const run = clientRun(seconds(0, 10, i => point(i, 5, i === 10 ? 0 : i < 9 ? 10 : 30, {p95: i < 9 ? 10 : 100})))
    // Seconds 3 to 8 have 60 requests, second 9 has 30.
    expect(plateaus(run)[0]!.p95).toBeCloseTo((60 * 10 + 30 * 100) / 90)
  })

  it.each([
    ['a ramp', seconds(0, 30, i => point(i, i, 10))],
    ['4 s', seconds(0, 4, i => point(i, 5, 10))],
    ['no users', seconds(0, 30, i => point(i, 0, 0))],
  ])('%s has none', (_, points) => {
    expect(plateaus(clientRun(points))).toEqual([])
  })

  it('unknown users: one, with the number that was told', () => {
    const run = clientRun(seconds(0, 10, i => point(i, null, 10)))
    expect(plateaus(run)).toMatchObject([{users: null, from: START + 2, requests: 80, requestsPerSecond: 10}])
    expect(plateaus(run, 50)).toMatchObject([{users: 50}])
  })

  it('no points: the whole run', () => {
    const run = {...clientRun([], {requests: 600, failures: null, p95: 300, users: 20}), from: null, to: null}
    expect(plateaus(run)).toMatchObject([
      {users: 20, from: null, requests: 600, failures: null, p95: 300, latencies: 'run'},
    ])
  })

  it('percentiles of the run stand for those of its only plateau, but not of one among others', () => {
    const hold = seconds(0, 20, i => point(i, 10, 10))
    expect(plateaus(clientRun(hold, {p95: 240}))).toMatchObject([{p95: 240, latencies: 'run'}])
    const ramped = [...seconds(-20, -1, i => point(i, 30 + i, 10)), ...hold]
    expect(plateaus(clientRun(ramped, {p95: 240}))).toMatchObject([{p95: null, latencies: null}])
    const two = [...hold, ...seconds(21, 41, i => point(i, 20, 10))]
    expect(plateaus(clientRun(two, {p95: 240})).map(({p95}) => p95)).toEqual([null, null])
  })
})
