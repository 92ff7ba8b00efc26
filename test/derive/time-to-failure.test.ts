import {describe, expect, it, test} from 'vitest'
import {rateAtTarget, timeLeft} from '../../src/derive/time-to-failure.js'
import {date, timeLeftText} from '../../src/units.js'

const DAY = 86_400
const now = Date.UTC(2027, 0, 1) / 1000

test('the moment when the limit is reached', () => {
  expect(timeLeft({used: 900, limit: 1000, ratePerSecond: 0.5, now})).toEqual({seconds: 200, at: now + 200})
})

test.each([
  ['standing still', {used: 1, limit: 2, ratePerSecond: 0}, null],
  ['shrinking', {used: 1, limit: 2, ratePerSecond: -1}, null],
  ['an unknown rate', {used: 1, limit: 2, ratePerSecond: Number.NaN}, null],
  ['full, whatever the rate', {used: 2, limit: 2, ratePerSecond: 0}, {seconds: 0, at: now}],
  ['beyond the limit', {used: 3, limit: 2, ratePerSecond: 1}, {seconds: 0, at: now}],
])('%s', (_, growth, expected) => {
  expect(timeLeft({...growth, now})).toEqual(expected)
})

describe('the rate at the target load', () => {
  it('grows with the users', () => expect(rateAtTarget(10, {users: 100, currentUsers: 20})).toBe(50))
  it.each([{}, {users: 100}, {currentUsers: 20}, {users: 20, currentUsers: 20}, {users: 20, currentUsers: 0}])(
    'is not told by %j',
    context => expect(rateAtTarget(10, context)).toBeNull(),
  )
})

test.each([
  [0, 'now'],
  [90, 'in 2 min, on 2027-01-01'],
  [5 * 3600, 'in 5 h, on 2027-01-01'],
  [12.4 * DAY, 'in 12 days, on 2027-01-13'],
  [1500 * DAY, 'in 4.1 years, on 2031-02-09'],
  [50_000 * DAY, 'not within 100 years'],
])('%d seconds are left: %s', (seconds, text) => {
  expect(timeLeftText({seconds, at: now + seconds})).toBe(text)
})

test('no date for what is none', () => {
  expect([date(Number.NaN), date(-1), date(1e15)]).toEqual(['unknown', 'unknown', 'unknown'])
})
