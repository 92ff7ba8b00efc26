import {describe, expect, test} from 'vitest'
import {isClientError, isClientTimeout, meaningOf} from '../../../src/loadtest/verdict/messages.js'
import type {FailureGroup} from '../../../src/loadtest/verdict/types.js'
import {clientOf, failure, judge, type Load, type RunParts, refusal, runOf, T} from './builders.js'

const ERROR = "HTTPError('500 Server Error: Internal Server Error for url: /login')"
const failing = (second: number) => (second >= 60 ? 2 : 0)

const groupsOf = async (run: RunParts, load: Load): Promise<FailureGroup[]> =>
  (await judge(runOf(run), clientOf(load))).failures.groups

const one = async (run: RunParts, load: Load = {}): Promise<FailureGroup> => {
  const [group, ...others] = await groupsOf(run, {failing, failures: [failure('POST', '/login', ERROR, 82)], ...load})
  expect(others).toEqual([])
  return group!
}

describe('explained', () => {
  const SLOW: Load = {mean: 1000}

  test('refusals in the same seconds', async () => {
    const refusals = [59, 65, 71, 77, 83, 89, 95]
      .flatMap(second => [second, second + 2, second + 4])
      .map(second => refusal(second, 'sorry, too many clients already', '53300'))
    expect(await one({refusals}, SLOW)).toMatchObject({verdict: 'explained', cause: 'CONNECTIONS_EXHAUSTED'})
  })

  test('nothing answered in the same seconds', async () => {
    const refusals = Array.from({length: 41}, (_, i) => refusal(60 + i, 'connect ECONNREFUSED'))
    const group = await one({refusals, run: {activity: runOf().activity.filter(({at}) => at < T + 60)}}, SLOW)
    expect(group).toMatchObject({verdict: 'explained', cause: null})
    expect(group.reason).toContain('the server did not answer')
  })

  test('a full server, and only while requests fail', async () => {
    const activity: RunParts['activity'] = ({second}) => ({total: second >= 60 ? 96 : 40})
    expect(await one({activity}, SLOW)).toMatchObject({
      verdict: 'explained',
      cause: 'CONNECTIONS_EXHAUSTED',
      confidence: 'estimated',
    })
  })

  test('deadlocks in the same seconds', async () => {
    const counters: RunParts['counters'] = ({second}) => ({deadlocks: Math.max(0, second - 60)})
    expect(await one({counters}, SLOW)).toMatchObject({verdict: 'explained', cause: 'LOCKS'})
  })

  test('a client that gave up on a slow database', async () => {
    const group = await one(
      {activity: {total: 20, active: 12}},
      {mean: 1000, failures: [failure('GET', '/', 'ReadTimeout(timed out)', 82)]},
    )
    expect(group).toMatchObject({verdict: 'explained', cause: null, confidence: 'estimated'})
    expect(group.reason).toContain('database time 60 % of the latency (600 of 1,000 ms) in those seconds')
  })

  test.each([
    ['OperationalError: FATAL: sorry, too many clients already', 'CONNECTIONS_EXHAUSTED'],
    ['remaining connection slots are reserved for roles with the SUPERUSER attribute', 'CONNECTIONS_EXHAUSTED'],
    ['{"code": "53300"}', 'CONNECTIONS_EXHAUSTED'],
    ['no more connections allowed (max_client_conn)', 'CLIENT_LIMIT'],
    ['query_wait_timeout', 'POOL_STARVED'],
    ['deadlock detected', 'LOCKS'],
    ['canceling statement due to lock timeout', 'LOCKS'],
    ['canceling statement due to statement timeout', null],
    ['terminating connection due to idle-in-transaction timeout', 'LONG_TRANSACTIONS'],
    ['SQLSTATE[57P03]: the database system is starting up', null],
  ])('by its message: %s', async (error, cause) => {
    const group = await one({}, {failures: [failure('GET', '/', error, 82)]})
    expect(group).toMatchObject({verdict: 'explained', cause, confidence: 'measured'})
  })
})

describe('not the database', () => {
  const SLOW: Load = {mean: 1250}

  test('nothing happened there, and its share of the latency is small', async () => {
    const group = await one({activity: {total: 54}}, SLOW)
    expect(group).toMatchObject({verdict: 'not the database', cause: 'NOT_THE_DATABASE', confidence: 'measured'})
    expect(group.reason).toBe(
      '0 connection refusals, at most 55 of 97 connections, database time 4 % of the latency (50 of 1,250 ms) in those seconds',
    )
  })

  test('one refusal does not explain failures in 41 other seconds', async () => {
    const group = await one({refusals: [refusal(70, 'too many clients already', '53300')]}, SLOW)
    expect(group.verdict).toBe('not the database')
    expect(group.reason).toMatch(/^in \d+ of 41 intervals the server refused a connection/)
  })

  test('what it refused is the fault of what was sent', async () => {
    const error = 'duplicate key value violates unique constraint "auth_user_username_key"'
    expect((await one({}, {failures: [failure('POST', '/', error, 82)]})).verdict).toBe('not the database')
  })

  test("the application's own answer, however busy the database", async () => {
    const group = await one(
      {activity: {active: 10}},
      {mean: 1000, failures: [failure('POST', '/login', "HTTPError('403 Client Error: Forbidden')", 82)]},
    )
    expect(group.verdict).toBe('not the database')
    expect(group.reason).toMatch(/^HTTP 403 is the application's own answer; 0 connection refusals/)
  })

  test('before 14 and without the times of the requests, by their median', async () => {
    const {points, ...rest} = clientOf({mean: 1250, failing})
    const without = points.map(point => ({...point, mean: null}))
    const {failures} = await judge(runOf(), {...rest, points: without, total: {...rest.total, mean: null}})
    expect(failures.groups[0]!.verdict).toBe('not the database')
  })
})

describe('cannot tell', () => {
  test('nobody watched in those seconds', async () => {
    const activity = runOf().activity.filter(({at}) => at < T + 50)
    expect(await one({run: {activity}}, {mean: 1250})).toMatchObject({
      verdict: 'cannot tell',
      reason: 'the database was not watched in those seconds',
    })
  })

  test('a server that is full all the time, also while nothing fails', async () => {
    const group = await one({activity: {total: 96}}, {mean: 1250})
    expect(group.verdict).toBe('cannot tell')
    expect(group.reason).toContain('as often in seconds without failures')
  })

  test('the database was busy, but nothing there fails a request', async () => {
    expect((await one({activity: {active: 8}}, {mean: 1000})).verdict).toBe('cannot tell')
  })

  test('a pool whose connections are all held idle in transactions', async () => {
    const group = await one({activity: {total: 5, active: 0, idleInTransaction: 5, idle: 0}}, {mean: 3000})
    expect(group.verdict).toBe('cannot tell')
    expect(group.reason).toContain('all its connections were in use, most of them idle in a transaction')
  })

  test('a file without latencies', async () => {
    const {points, ...rest} = clientOf({failing})
    const none = {mean: null, p50: null, p95: null, p99: null}
    const client = {...rest, points: points.map(point => ({...point, ...none})), total: {...rest.total, ...none}}
    expect((await judge(runOf(), client)).failures.groups[0]!.verdict).toBe('cannot tell')
  })

  test('a file without times', async () => {
    const client = {...clientOf({failures: [failure('GET', '/', ERROR, 9)]}), points: [], from: null, to: null}
    const verdict = await judge(runOf(), {...client, total: {...client.total, failures: 9}})
    expect(verdict.failures).toMatchObject({total: 9, cannotTell: 9})
    expect(verdict.warnings.join()).toContain('--from, --to')
  })

  test('of failures that are not named', async () => {
    const client = clientOf({failing})
    const verdict = await judge(runOf({run: {activity: []}}), {...client, failures: [failure('GET', '/', ERROR, 2)]})
    expect(verdict.failures.groups.map(({request, count}) => [request, count])).toEqual([
      ['requests not told', 80],
      ['GET /', 2],
    ])
  })
})

test('a file without intervals: only a run in which nothing happened clears the database', async () => {
  const client = {...clientOf({mean: 1250, failures: [failure('GET', '/', ERROR, 9)]}), points: []}
  const total = {...client.total, failures: 9}
  expect((await judge(runOf(), {...client, total})).failures.notTheDatabase).toBe(9)
  const run = runOf({refusals: [refusal(70, 'too many clients already', '53300')]})
  expect((await judge(run, {...client, total})).failures.cannotTell).toBe(9)
})

test('each kind of failure in its own seconds', async () => {
  const known = {first: T + 60, last: T + 100}
  const groups = await groupsOf(
    {activity: ({second}) => ({total: second < 20 ? 96 : 40})},
    {
      mean: 1250,
      failing: second => (second < 20 || second >= 60 ? 1 : 0),
      failures: [
        {...failure('POST', '/login', ERROR, 41), ...known},
        {...failure('GET', '/', ERROR, 19), first: T, last: T + 19},
      ],
    },
  )
  expect(groups.map(({request, verdict}) => [request, verdict])).toEqual([
    ['POST /login', 'not the database'],
    ['GET /', 'explained'],
  ])
})

describe('messages', () => {
  test.each(['HTTP 500', 'took 53300 ms', 'ConnectionRefusedError(111)', '', 'error 57014 rows'])(
    '%s is none',
    text => {
      expect(meaningOf(text)).toBeNull()
    },
  )

  test.each([
    ["HTTPError('403 Client Error: Forbidden for url: /x')", '403'],
    ["BadStatusCode('http://localhost/', code=404)", '404'],
    ['status 401', '401'],
    ['unexpected status code: 422', '422'],
    ['HTTP 429', null],
    ['HTTP 408', null],
    ['HTTP 500', null],
    ['/project/404/recap failed', null],
  ])('%s', (text, status) => {
    expect(isClientError(text)).toBe(status)
  })

  test.each([
    ['504 Gateway Timeout', true],
    ['ReadTimeout: timed out', true],
    ['500 Server Error', false],
  ])('%s', (text, isTimeout) => {
    expect(isClientTimeout(text)).toBe(isTimeout)
  })

  test('a message as long as it likes', () => {
    const started = performance.now()
    meaningOf(`connection to server at ${'column "'.repeat(50_000)}`)
    expect(performance.now() - started).toBeLessThan(2000)
  })
})
