import {expect, it} from 'vitest'
import {formatValue, shownValue} from '../../src/render/units.js'

it.each([
  [97, 'count', '97'],
  [1_234_567, 'count', '1,234,567'],
  [-1234, 'count', '-1,234'],
  [12.345, undefined, '12.3'],
  [512, 'bytes', '512 B'],
  [1536, 'bytes', '1.5 kB'],
  [268_435_456, 'bytes', '256 MB'],
  [1_048_575, 'bytes', '1 MB'],
  [0.25, 'seconds', '250 ms'],
  [59.96, 'seconds', '1 min'],
  [200, 'seconds', '3 min 20 s'],
  [4000, 'seconds', '1 h 6 min'],
  [273_600, 'seconds', '3 d 4 h'],
  [12.34, 'milliseconds', '12.3 ms'],
  [22_900, 'milliseconds', '22.9 s'],
  [70, 'percent', '70 %'],
  [59.94, 'per second', '59.9/s'],
  [0, 'seconds', '0 s'],
  [Number.NaN, 'seconds', 'unknown'],
  [Number.POSITIVE_INFINITY, 'bytes', 'unknown'],
  ['off', undefined, 'off'],
  [3, 'threads', '3 threads'],
])('%s %s is %s', (value, unit, text) => {
  expect(formatValue(value, unit)).toBe(text)
})

it('long texts are cut between words, for people', () => {
  const statement = `SELECT ${'"column", '.repeat(50)}`
  expect(shownValue(statement)).toMatch(/^SELECT ("column", )+\.\.\.$/)
  expect(shownValue(statement).length).toBeLessThan(170)
  expect(shownValue('x'.repeat(500))).toBe(`${'x'.repeat(160)} ...`)
  expect(shownValue('two\n lines')).toBe('two lines')
  expect(shownValue(12.34, 'milliseconds')).toBe('12.3 ms')
})
