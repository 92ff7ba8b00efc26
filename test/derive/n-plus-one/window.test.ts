import {beforeAll, describe, expect, it} from 'vitest'
import {boundedLeastSquares} from '../../../src/derive/n-plus-one/nnls.js'
import type {Window} from '../../../src/snapshot.js'
import {loadParser} from '../../../src/sql/parse.js'
import {findingsOf, NOW} from '../../rules/sections.js'
import {loops, type Seen, verdict} from './world.js'

beforeAll(loadParser)

const BOOKS = 'SELECT book.id, book.title, book.author_id FROM book ORDER BY book.title LIMIT $1'
const BOOK = 'SELECT book.id, book.title, book.author_id FROM book WHERE book.id = $1'
const AUTHOR = 'SELECT author.id, author.name FROM author WHERE author.id = $1 LIMIT $2'
const SESSION = 'SELECT session_key, session_data FROM django_session WHERE session_key = $1 LIMIT $2'

/** Requests of two kinds in each interval: lists of 25 rows, and pages of one book. They vary independently. */
const LISTS = [12, 3, 7, 20, 1, 9, 15, 4, 11, 6]
const DETAILS = [40, 55, 20, 31, 60, 25, 44, 52, 18, 37]
const REQUESTS = LISTS.map((lists, at) => lists + DETAILS[at]!)

type Counted = [calls: number[], rows: number[]]

/** The n-th statement was counted so in each interval. */
const watched = (counted: Counted[], wasReset = false): Window => ({
  seconds: 30,
  before: {at: NOW, databases: [], checkpoints: null},
  statements: {
    at: Array.from({length: counted[0]![0].length + 1}, (_, n) => NOW + n * 3),
    wasReset,
    statements: counted.map(([calls, rows], n) => ({queryid: String(n + 1), calls, rows})),
  },
})

const times = (values: number[], factor: number) => values.map(value => Math.round(value * factor))
const plus = (a: number[], b: number[]) => a.map((value, at) => value + b[at]!)

/** The sums since the counters began match nothing. */
const SUMS: Seen[] = [
  [BOOKS, 1000, 25_000],
  [BOOK, 4000, 4000],
  [AUTHOR, 31_234, 31_234],
  [SESSION, 9000, 9000],
]

const counted = (author: number[]): Counted[] => [
  [LISTS, times(LISTS, 25)],
  [DETAILS, DETAILS],
  [author, author],
  [REQUESTS, REQUESTS],
]

describe('over the intervals of a window', () => {
  it.each<[string, number[], string[]]>([
    ['one row more is read than shown', times(LISTS, 24), ['medium public.author (id)']],
    ['authors that were seen in the list are kept', times(LISTS, 11), ['medium public.author (id)']],
    ['also once per request', plus(times(LISTS, 24), REQUESTS), ['medium public.author (id)']],
    ['also on pages of one book', plus(times(LISTS, 25), DETAILS), ['medium public.author (id)']],
    ['once per request', REQUESTS, []],
    ['on pages of one book', DETAILS, []],
    ['once per list', LISTS, []],
    ['by somebody else', [300, 120, 410, 200, 330, 90, 150, 390, 260, 210], []],
    ['more often than there are rows', times(LISTS, 60), []],
  ])('%s', (_, author, expected) => {
    expect(loops(SUMS, {window: watched(counted(author))})).toEqual(expected)
  })

  it('the look-ups of a list are those of the fit, not its rows', () => {
    const [finding] = findingsOf(verdict(SUMS, {window: watched(counted(times(LISTS, 24)))}))
    const value = (label: string) => finding!.evidence.find(each => each.label === label)!.value
    expect(value('look-ups per page')).toBeCloseTo(24, 0)
    expect(value('fit (adjusted R squared)')).toBeGreaterThan(0.99)
  })

  it('says nothing after a reset, with few intervals, and without a window', () => {
    const author = times(LISTS, 24)
    expect(loops(SUMS, {window: watched(counted(author), true)})).toEqual([])
    const short = counted(author).map(([calls, rows]): Counted => [calls.slice(0, 6), rows.slice(0, 6)])
    expect(loops(SUMS, {window: watched(short)})).toEqual([])
    expect(loops(SUMS)).toEqual([])
  })

  it('while the whole load grows, what is asked once per request is no loop', () => {
    const grown = (perRequest: number) => Array.from({length: 10}, (_, at) => Math.round(perRequest * 20 * (at + 1)))
    const window = watched([
      [grown(0.2), grown(5)],
      [grown(0.8), grown(0.8)],
      [grown(1), grown(1)],
      [grown(0), grown(0)],
    ])
    expect(loops(SUMS, {window})).toEqual([])
  })
})

describe('boundedLeastSquares', () => {
  const free = Number.POSITIVE_INFINITY
  it('finds the coefficients of an exact sum', () => {
    const [a, b] = [
      [1, 2, 3, 4],
      [5, 1, 0, 2],
    ]
    const y = a!.map((value, at) => 2 * value + 3 * b![at]!)
    const found = boundedLeastSquares(
      [
        {values: a!, most: free},
        {values: b!, most: free},
      ],
      y,
    )
    expect(found.map(each => Math.round(each * 1e6) / 1e6)).toEqual([2, 3])
  })

  it('never goes below zero or above the bound', () => {
    expect(boundedLeastSquares([{values: [1, 2], most: free}], [-1, -2])).toEqual([0])
    expect(boundedLeastSquares([{values: [1, 2], most: 1}], [5, 10])).toEqual([1])
    expect(boundedLeastSquares([{values: [0, 0], most: free}], [5, 10])).toEqual([0])
  })
})
