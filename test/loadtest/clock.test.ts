import {describe, expect, it} from 'vitest'
import {estimateSkew, shiftRun} from '../../src/loadtest/clock.js'
import {clientRun, counter, point, START} from './run.js'

/** Load of two steps and a pause, as seen by the load generator at this second of its run. */
const load = (second: number): number =>
  second < 0 || second >= 90 ? 0 : second < 30 ? 20 : second < 40 ? 0 : second < 60 ? 80 : 50
/** The same numbers each time. */
const noise = (i: number) => ((i * 7919) % 13) / 13 - 0.5

const points = (of = load) =>
  Array.from({length: 91}, (_, i) => point(i, 10, Math.max(0, of(i - 1) + Math.round(4 * noise(i)))))

/** Samples of a server whose clock is `skew` ahead, every `step` seconds, with `each` commits per request. */
function counters(skew: number, {step = 2, each = 5, from = -20, to = 120, of = load} = {}) {
  let commits = 1000
  const samples = []
  for (let second = from; second < to; second += 1) {
    if ((second - from) % step === 0) samples.push(counter(START + second + skew, commits))
    commits += Math.round(each * of(second) + 3 + 3 * noise(second + 50))
  }
  return samples
}

describe('estimateSkew', () => {
  it.each([0, 7, -13, 120, -250])('%i s', skew => {
    const found = estimateSkew(points(), counters(skew))
    expect(Math.abs(found!.seconds - skew)).toBeLessThanOrEqual(2)
    expect(found!.correlation).toBeGreaterThan(0.9)
  })

  it('samples each 5 s, watching begun late and stopped early', () => {
    const found = estimateSkew(points(), counters(20, {step: 5, from: 15, to: 80}))
    expect(Math.abs(found!.seconds - 20)).toBeLessThanOrEqual(3)
  })

  it('with reports each 3 s', () => {
    const lumps = points().map((one, i) => ({
      ...one,
      requests: i % 3 === 0 ? load(i - 1) + load(i - 2) + load(i - 3) : 0,
    }))
    expect(Math.abs(estimateSkew(lumps, counters(9))!.seconds - 9)).toBeLessThanOrEqual(3)
  })

  it.each([
    ['constant load, watched in its middle', points(() => 50), counters(7, {of: () => 50, from: 10, to: 80})],
    [
      'a load that repeats, watched in its middle',
      points(i => (Math.floor(i / 10) % 2 ? 80 : 10)),
      counters(0, {from: 20, to: 70, of: i => (Math.floor(i / 10) % 2 ? 80 : 10)}),
    ],
    ['a server that does something else', points(), counters(0, {of: i => 40 * noise(i * 31) + 40})],
    ['no points', [], counters(0)],
    ['no samples', points(), []],
    ['one sample', points(), counters(0).slice(0, 1)],
    ['a server that was restarted at once', points(), counters(0).map((sample, i) => ({...sample, startedAt: i}))],
  ])('%s: not clear', (_, client, server) => {
    expect(estimateSkew(client, server)).toBeNull()
  })
})

it('shiftRun moves every time, and nothing else', () => {
  const failure = {method: null, name: '/', error: 'x', count: 1, first: START, last: null}
  const run = {...clientRun([point(0, 1, 1), point(1, 1, 2)]), failures: [failure]}
  const shifted = shiftRun(run, 10)
  expect(shifted).toMatchObject({from: START + 10, to: START + 11, failures: [{first: START + 10, last: null}]})
  expect(shifted.points.map(({at}) => at - START)).toEqual([10, 11])
  expect(shiftRun(shifted, -10)).toEqual(run)
})
