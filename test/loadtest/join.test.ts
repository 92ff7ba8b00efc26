import {describe, expect, it} from 'vitest'
import {joinRanges, watchedRange} from '../../src/loadtest/join.js'
import type {ActivitySample, Refusal} from '../../src/loadtest/record.js'
import {counter, START, watchedRun} from './run.js'

const activity = (second: number): ActivitySample => ({
  type: 'activity',
  at: START + second,
  total: 0,
  active: 0,
  idle: 0,
  idleInTransaction: 0,
  running: 0,
  waits: [],
  blocked: [],
  statements: [],
  oldestTransaction: null,
  clients: [],
})
const refusal = (second: number): Refusal => ({
  type: 'refused',
  at: START + second,
  end: 'x',
  sqlstate: '53300',
  message: '',
})
const upTo = (end: number, step = 1) => Array.from({length: Math.ceil(end / step)}, (_, i) => i * step)
const range = (from: number, to: number) => ({from: START + from, to: START + to})

const run = watchedRun({
  activity: upTo(60).map(activity),
  counters: upTo(60, 5).map(second => counter(START + second + 0.5, second)),
  refusals: [refusal(12), refusal(20), refusal(59)],
})

describe('joinRanges', () => {
  it('gives each range its samples, and no sample to two', () => {
    const joined = joinRanges(run, [range(10, 20), range(20, 30)])
    if (!joined.overlap) throw new Error('no overlap')
    const [first, second] = joined.ranges
    expect(first!.activity.map(({at}) => at - START)).toEqual([10, 11, 12, 13, 14, 15, 16, 17, 18, 19])
    expect(second!.activity[0]!.at).toBe(START + 20)
    expect([first!.refusals.length, second!.refusals.length]).toEqual([1, 1])
  })

  it('counters have one more on each side, so that rates cover the range', () => {
    const joined = joinRanges(run, [range(10, 20)])
    expect(joined.overlap && joined.ranges[0]!.counters.map(({at}) => at - START)).toEqual([5.5, 10.5, 15.5, 20.5])
  })

  it('partly watched: what there is, the range as asked for', () => {
    const joined = joinRanges(run, [range(50, 100), range(200, 300)])
    if (!joined.overlap) throw new Error('no overlap')
    expect(joined.ranges[0]).toMatchObject({...range(50, 100)})
    expect(joined.ranges[0]!.activity).toHaveLength(10)
    expect(joined.ranges[1]).toMatchObject({activity: [], refusals: []})
  })

  it.each([
    ['later', range(3600, 3700)],
    ['earlier', range(-100, -1)],
  ])('%s: both ranges are named', (_, client) => {
    expect(joinRanges(run, [client])).toEqual({overlap: false, watched: range(0, 59.0), client})
  })

  it('a restart ends what was watched', () => {
    const restarted = {...run, restarts: [START + 30]}
    restarted.counters = run.counters.map(sample => ({...sample, startedAt: sample.at < START + 30 ? 1 : 2}))
    expect(watchedRange(restarted)).toEqual(range(0, 30))
    const joined = joinRanges(restarted, [range(25, 60)])
    if (!joined.overlap) throw new Error('no overlap')
    expect(joined.ranges[0]!.activity.at(-1)!.at).toBe(START + 29)
    expect(joined.ranges[0]!.counters.map(({startedAt}) => startedAt)).not.toContain(2)
    expect(joinRanges(restarted, [range(40, 60)])).toMatchObject({overlap: false})
  })

  it('nothing but a first line', () => {
    expect(joinRanges(watchedRun({}), [range(0, 10)])).toMatchObject({overlap: false, watched: range(0, 0)})
  })
})
