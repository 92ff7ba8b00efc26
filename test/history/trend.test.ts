import {describe, expect, it} from 'vitest'
import {cachePercents, meanMs, type TrendPoint, trendHeads} from '../../src/history/trend.js'

const target = {host: 'db', port: 5432, database: 'app'}
const head = (at: number) => ({id: `${at}`, target, at})
const findings = {critical: 0, high: 0, medium: 0, low: 0, info: 0}

function point(at: number, part: Partial<TrendPoint>): TrendPoint {
  return {at, findings, clients: null, usable: null, sizeBytes: null, cache: null, statements: null, ...part}
}

const cached = (at: number, hit: number, read: number, since: number | null = 0) =>
  point(at, {cache: {hit, read, since}})

const called = (at: number, calls: number, totalMs: number, since: number | null = 0) =>
  point(at, {statements: {since, byQueryid: new Map([['1', {calls, totalMs}]])}})

describe('trendHeads', () => {
  it('takes those of the period, evenly spread, with the first and the last, oldest first', () => {
    const heads = Array.from({length: 101}, (_, at) => head(at)).reverse()
    expect(trendHeads(heads, 50, 6).map(({at}) => at)).toEqual([50, 60, 70, 80, 90, 100])
    expect(trendHeads(heads, 99, 60).map(({at}) => at)).toEqual([99, 100])
  })
})

describe('cachePercents', () => {
  it('counts what was read between the runs', () => {
    expect(cachePercents([cached(1, 90, 10), cached(2, 90, 110), cached(3, 190, 110)])).toEqual([90, 0, 100])
  })

  it('begins anew after a reset, and says nothing where nothing was read', () => {
    expect(cachePercents([cached(1, 90, 10), cached(2, 3, 1, 2)])).toEqual([90, 75])
    expect(cachePercents([cached(1, 90, 10), cached(2, 30, 10)])).toEqual([90, 75])
    expect(cachePercents([cached(1, 90, 10), cached(2, 90, 10), point(3, {})])).toEqual([90, null, null])
  })
})

describe('meanMs', () => {
  it('is the time per call between the runs', () => {
    expect(meanMs([called(1, 10, 100), called(2, 20, 1100), called(3, 20, 1100)], ['1'])).toEqual([10, 100, null])
  })

  it('begins anew after a reset or an eviction', () => {
    expect(meanMs([called(1, 10, 100), called(2, 50, 100, 2)], ['1'])).toEqual([10, 2])
    expect(meanMs([called(1, 10, 100), called(2, 5, 10)], ['1'])).toEqual([10, 2])
  })

  it('does not know a statement that was not read', () => {
    expect(meanMs([called(1, 10, 100), point(2, {}), called(3, 30, 900)], ['1'])).toEqual([10, null, 30])
    expect(meanMs([called(1, 10, 100)], ['2'])).toEqual([null])
  })
})
