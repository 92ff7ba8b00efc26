import {describe, expect, test} from 'vitest'
import {didYouMean, editDistance, suggest} from '../src/suggest.js'

describe('editDistance', () => {
  test.each([
    ['', 'abc', 3],
    ['users', 'users', 0],
    ['usres', 'users', 1],
    ['user', 'users', 1],
    ['hihg', 'high', 1],
    ['abc', 'xyz', 3],
  ])('%s -> %s', (a, b, distance) => expect(editDistance(a, b)).toBe(distance))
})

describe('didYouMean', () => {
  const rules = [
    'connections/exhaustion',
    'queries/slow',
    'sessions/idle-in-transaction',
    'timeouts/idle-in-transaction',
  ]
  test.each([
    ['connections/exaustion', 'connections/exhaustion'],
    ['exhaustion', 'connections/exhaustion'],
    ['Queries/SLOW', 'queries/slow'],
    ['timeouts/idle_in_transaction', 'timeouts/idle-in-transaction'],
    ['tmeouts/idle-in-transaction', 'timeouts/idle-in-transaction'],
    ['something-else', undefined],
    ['', undefined],
  ])('%j means %s', (word, meant) => expect(didYouMean(word, rules)).toBe(meant))

  test('a short word needs a near candidate', () => expect(didYouMean('xy', ['ab', 'users'])).toBeUndefined())
})

test('suggest falls back', () => {
  expect(suggest('usres', ['users'], 'see --help')).toBe('did you mean users?')
  expect(suggest('zzz', ['users'], 'see --help')).toBe('see --help')
})
