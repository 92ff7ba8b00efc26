import {describe, expect, test} from 'vitest'
import {formatQuantity, parseQuantity} from '../../src/config/quantity.js'

describe('parseQuantity converts to the unit of the option', () => {
  test.each([
    ['60s', 'seconds', 60],
    ['5min', 'seconds', 300],
    ['500ms', 'seconds', 0.5],
    ['2 h', 'seconds', 7200],
    [90, 'seconds', 90],
    ['5s', 'milliseconds', 5000],
    ['200', 'milliseconds', 200],
    ['256MB', 'bytes', 268435456],
    ['16gb', 'bytes', 17179869184],
    ['1.5kB', 'bytes', 1536],
    ['70%', 'percent', 70],
    ['70%', 'ratio', 0.7],
    [0.7, 'ratio', 0.7],
    ['10', 'count', 10],
  ] as const)('%j %s', (value, unit, expected) => expect(parseQuantity(value, unit)).toBe(expected))

  test.each([
    ['5MB', 'seconds'],
    ['5s', 'bytes'],
    ['5%', 'count'],
    ['5 parsecs', 'seconds'],
    ['-5s', 'seconds'],
    [-1, 'count'],
    [Number.NaN, 'count'],
    ['', 'count'],
    ['1e3', 'count'],
    [true, 'count'],
    [null, 'bytes'],
  ] as const)('%j is no %s', (value, unit) => expect(parseQuantity(value, unit)).toBeUndefined())
})

test.each([
  [268435456, 'bytes', '256MB'],
  [0, 'bytes', '0B'],
  [300, 'seconds', '5min'],
  [0.5, 'seconds', '500ms'],
  [90, 'seconds', '90s'],
  [70, 'percent', '70%'],
  [0.7, 'ratio', '0.7'],
  [['a', 'b'], 'names', '[a, b]'],
] as const)('formatQuantity %j %s is %s, and reads back', (value, unit, text) => {
  expect(formatQuantity(value as number | string[], unit)).toBe(text)
  if (unit !== 'names') expect(parseQuantity(text, unit)).toBe(value)
})
