import {afterEach, describe, expect, it} from 'vitest'
import {CliError} from '../../../src/errors.js'
import {parseTime} from '../../../src/loadtest/clients/time.js'

const TZ = process.env.TZ
afterEach(() => {
  process.env.TZ = TZ ?? ''
  if (TZ === undefined) delete process.env.TZ
})

const AT = Date.UTC(2027, 2, 14, 10, 15, 0) / 1000

describe('parseTime', () => {
  it.each([
    ['2027-03-14T10:15:00Z', AT],
    ['2027-03-14 10:15:00 UTC', AT],
    ['2027-03-14T10:15Z', AT],
    ['2027-03-14T11:15:00+01:00', AT],
    ['2027-03-14T11:15:00.250+01', AT + 0.25],
    ['2027-03-14T04:45:00-0530', AT],
    [String(AT), AT],
    [`${AT}.5`, AT + 0.5],
    [`${AT * 1000}`, AT],
  ])('%s', (text, at) => {
    expect(parseTime(text, '--from')).toEqual({at, note: null})
  })

  it('without a zone: the one of this machine, told', () => {
    process.env.TZ = 'Asia/Kolkata'
    const {at, note} = parseTime('2027-03-14 10:15:00', '--to')
    expect(at).toBe(AT - 5.5 * 3600)
    expect(note).toContain('--to 2027-03-14 10:15:00 has no zone: taken as UTC+05:30')
  })

  it.each([
    '',
    'now',
    '10:15',
    '2027-03-14',
    '2027-02-30T10:00:00Z',
    '2027-03-14T25:00:00Z',
    '2027-03-14T10:15:00+99',
    '12',
    '-5',
    '1e400',
    '9999-01-01T00:00:00Z',
    '\u001b[2J',
  ])('%j is refused', text => {
    let error: unknown
    try {
      parseTime(text, '--from')
    } catch (thrown) {
      error = thrown
    }
    expect(error).toBeInstanceOf(CliError)
    expect(error).toMatchObject({exit: 2, message: expect.stringContaining('--from is')})
  })
})
