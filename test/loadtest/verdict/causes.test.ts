import {describe, expect, test} from 'vitest'
import type {PoolSample} from '../../../src/loadtest/record.js'
import type {CauseReport, LoadVerdict} from '../../../src/loadtest/verdict/types.js'
import {clientOf, failure, finding, judge, type Load, type RunParts, refusal, reportOf, runOf} from './builders.js'

/** A phase that failed for its latency: something is to be explained. */
const SLOW: Load = {mean: 1000, p95: 2000}

const judged = (run: RunParts, load: Load = SLOW, findings = reportOf()) =>
  judge(runOf(run), clientOf(load), {report: findings})
const ids = ({bottleneck}: LoadVerdict) => bottleneck.causes.map(({id}) => id)
const cause = ({bottleneck}: LoadVerdict, id: string): CauseReport => {
  const found = bottleneck.causes.find(each => each.id === id)
  if (!found) throw new Error(`no ${id}, but ${bottleneck.causes.map(each => each.id)}`)
  return found
}
const why = ({bottleneck}: LoadVerdict, id: string) => bottleneck.unjudged.find(each => each.id === id)?.why

/** 8 sessions of 20 are active: 40 % of the time of 20 requests of a second each. */
const BUSY = {total: 20, active: 8, idle: 12, running: 1}

describe('CONNECTIONS_EXHAUSTED', () => {
  const TOO_MANY = 'FATAL: sorry, too many clients already'

  test('refusals in the seconds of the failures', async () => {
    const verdict = await judged(
      {
        activity: ({second}) => (second >= 60 ? {...BUSY, total: 96} : BUSY),
        refusals: [60, 70, 80].map(second => refusal(second, TOO_MANY, '53300')),
      },
      {...SLOW, failing: second => (second >= 60 ? 2 : 0)},
    )
    expect(ids(verdict)[0]).toBe('CONNECTIONS_EXHAUSTED')
    expect(cause(verdict, 'CONNECTIONS_EXHAUSTED')).toMatchObject({
      rank: 'primary',
      isMaterial: true,
      confidence: 'measured',
      summary: '97 of 97 usable connections at the peak; 3 refusals were recorded, 82 failed requests go with it',
    })
    expect(verdict.failures).toMatchObject({explained: 82, notTheDatabase: 0})
  })

  test("the client's own message is enough", async () => {
    const verdict = await judged(
      {},
      {failures: [failure('GET', '/', `OperationalError: ${TOO_MANY}`, 60)], failing: () => 0.6},
    )
    expect(ids(verdict)[0]).toBe('CONNECTIONS_EXHAUSTED')
  })

  test('a full server that refused nobody and failed nothing comes after what is slow', async () => {
    const verdict = await judged({activity: {total: 96, idle: 95}})
    expect(ids(verdict)).toEqual(['NOT_THE_DATABASE', 'CONNECTIONS_EXHAUSTED'])
    expect(cause(verdict, 'CONNECTIONS_EXHAUSTED')).toMatchObject({isMaterial: false, confidence: 'estimated'})
  })

  /** 92 and the watcher are 95.9 % of 97, 91 and it 94.8 %. */
  test.each([
    [92, true],
    [91, false],
  ])('%i connections and the one that watches', async (total, fires) => {
    expect(ids(await judged({activity: {...BUSY, total}})).includes('CONNECTIONS_EXHAUSTED')).toBe(fires)
  })

  test('the pooler that was gone round belongs to it', async () => {
    const findings = reportOf([finding('connections/exhaustion'), finding('pooler/bypass'), finding('queries/slow')])
    const verdict = await judged({refusals: [refusal(50, TOO_MANY, '53300')]}, SLOW, findings)
    expect(cause(verdict, 'CONNECTIONS_EXHAUSTED').findings.map(({rule}) => rule)).toEqual([
      'pooler/bypass',
      'connections/exhaustion',
    ])
  })
})

describe('CLIENT_LIMIT', () => {
  const LIMIT = 'ERROR: no more connections allowed (max_client_conn)'

  test('by the message', async () => {
    const verdict = await judged({}, {failures: [failure('GET', '/', LIMIT, 60)], failing: () => 0.6})
    expect(ids(verdict)[0]).toBe('CLIENT_LIMIT')
  })

  test.each([
    [500, true],
    [499, false],
  ])('%i of 500 clients', async (usedClients, fires) => {
    const verdict = await judged({pools: {}, poolSample: () => ({usedClients})})
    expect(ids(verdict).includes('CLIENT_LIMIT')).toBe(fires)
  })

  test('without a console: cannot judge', async () => {
    expect(why(await judged({}), 'CLIENT_LIMIT')).toContain('no PgBouncer was watched')
  })
})

describe('POOL_STARVED', () => {
  const waiting =
    (from: number): RunParts['pools'] =>
    ({second}) => ({clientsWaiting: second >= from ? 5 : 0, maxWait: 2})

  test('clients wait while 1 session is active on 4 cores', async () => {
    const verdict = await judged({pools: waiting(0)})
    expect(ids(verdict)[0]).toBe('POOL_STARVED')
    expect(cause(verdict, 'POOL_STARVED').confidence).toBe('measured')
  })

  test('the wait in the pool is no time outside the database', async () => {
    expect(ids(await judged({pools: waiting(0)}))).not.toContain('NOT_THE_DATABASE')
  })

  test.each([
    [7, true],
    [8, false],
  ])('%i active sessions on 4 cores', async (active, fires) => {
    const verdict = await judged({pools: waiting(0), activity: {...BUSY, active}})
    expect(ids(verdict).includes('POOL_STARVED')).toBe(fires)
  })

  test('at one look in ten it is chance', async () => {
    expect(ids(await judged({pools: waiting(92)}))).not.toContain('POOL_STARVED')
  })

  test('cores not known: estimated, and said', async () => {
    const verdict = await judged({pools: waiting(0), start: {cpus: null}})
    expect(cause(verdict, 'POOL_STARVED')).toMatchObject({confidence: 'estimated'})
    expect(cause(verdict, 'POOL_STARVED').summary).toContain('--cpus')
  })
})

describe('LONG_TRANSACTIONS', () => {
  const HELD = {total: 20, active: 2, idleInTransaction: 18, idle: 0, running: 2}

  test('connections held idle, and none left', async () => {
    const verdict = await judged({activity: HELD}, SLOW, reportOf([finding('sessions/idle-in-transaction')]))
    expect(ids(verdict)[0]).toBe('LONG_TRANSACTIONS')
    expect(cause(verdict, 'LONG_TRANSACTIONS').findings).toHaveLength(1)
  })

  test.each([
    [5, 5, false],
    [5, 6, true],
  ])('%i active, %i idle in a transaction', async (active, idleInTransaction, fires) => {
    const verdict = await judged({activity: {...HELD, active, idleInTransaction}})
    expect(ids(verdict).includes('LONG_TRANSACTIONS')).toBe(fires)
  })

  test('idle in a transaction is no work of the database; nobody misses the connections', async () => {
    const verdict = await judged({activity: {...HELD, total: 40, idle: 20}})
    expect(ids(verdict)).toEqual(['NOT_THE_DATABASE', 'LONG_TRANSACTIONS'])
    expect(cause(verdict, 'LONG_TRANSACTIONS').isMaterial).toBe(false)
  })

  test('beside a starved pool both are told', async () => {
    const verdict = await judged({activity: HELD, pools: {clientsWaiting: 10, maxWait: 3}})
    expect(ids(verdict).slice(0, 2)).toEqual(['POOL_STARVED', 'LONG_TRANSACTIONS'])
  })
})

describe('LOCKS', () => {
  const locked = (count: number, relation: string | null = '"public"."django_session"'): RunParts => ({
    activity: {...BUSY, waits: [{type: 'Lock', event: 'transactionid', count}], blocked: [{relation, count}]},
  })

  test('on the session table: out of the database with it', async () => {
    const verdict = await judged(locked(4), SLOW, reportOf([finding('queries/session-table')]))
    expect(ids(verdict)[0]).toBe('LOCKS')
    const {summary, look, findings} = cause(verdict, 'LOCKS')
    expect(summary).toContain('"public"."django_session"')
    expect(look[0]).toContain('cache')
    expect(findings[0]!.rule).toBe('queries/session-table')
  })

  test('a row lock has no relation: the statement names the table', async () => {
    const run = locked(4, null)
    const statements = [{queryid: '1', text: 'UPDATE "django_session" SET x = $1', count: 4}]
    const verdict = await judged({activity: {...run.activity, statements}})
    expect(cause(verdict, 'LOCKS').look[0]).toContain('django_session')
  })

  test('another table is no session table', async () => {
    expect(cause(await judged(locked(4, '"public"."orders"')), 'LOCKS').look[0]).not.toContain('cache')
  })

  test.each([
    [10, 2, true],
    [11, 2, false],
  ])('of %i active sessions %i wait', async (active, count, fires) => {
    const verdict = await judged({activity: {...BUSY, active, waits: [{type: 'Lock', event: 'tuple', count}]}})
    expect(ids(verdict).includes('LOCKS')).toBe(fires)
  })

  test('one wait of a handful of active sessions is chance', async () => {
    const verdict = await judged({
      activity: ({second}) => ({
        active: second % 20 === 0 ? 1 : 0,
        waits: second % 20 === 0 ? [{type: 'Lock', event: 'tuple', count: 1}] : [],
      }),
    })
    expect(ids(verdict)).not.toContain('LOCKS')
  })

  test('of little of the latency they are not what is slow', async () => {
    const verdict = await judged({activity: {active: 1, waits: [{type: 'Lock', event: 'tuple', count: 1}]}})
    expect(ids(verdict)).toEqual(['NOT_THE_DATABASE', 'LOCKS'])
  })
})

describe('N_PLUS_ONE', () => {
  const loop = (share: number, severity: 'high' | 'medium' = 'high') =>
    reportOf([
      finding('queries/n-plus-one', {
        severity,
        evidence: [{label: 'share of all calls', value: share, unit: 'percent', source: 'pg_stat_statements'}],
      }),
    ])
  /** calls per request, at 20 requests per second and a look each 2 s */
  const calls = (perRequest: number): RunParts => ({
    counters: ({second}) => ({
      statements: second === 0 ? null : [{queryid: '1', calls: perRequest * 40, totalMs: 1, rows: 1}],
    }),
  })

  test('before NOT_THE_DATABASE, whose numbers it has', async () => {
    const verdict = await judged({}, SLOW, loop(40))
    expect(ids(verdict)).toEqual(['N_PLUS_ONE', 'NOT_THE_DATABASE'])
    // What looks like the application's own time is the round trips of the loop.
    const {title, look} = verdict.bottleneck.causes[1]!
    expect(title).toContain('the round trips of the N+1 loops among it')
    expect(look[0]).toMatch(/Mend the loops first/)
  })

  test.each([
    [40, 10, true],
    [39, 10, false],
    [39, 31, true],
    [39, 30, false],
  ])('%i %% of the calls, %i queries per request', async (share, perRequest, fires) => {
    expect(ids(await judged(calls(perRequest), SLOW, loop(share))).includes('N_PLUS_ONE')).toBe(fires)
  })

  test('several loops together make 40 %', async () => {
    const two = reportOf([...loop(20).results[0]!.findings, ...loop(20).results[0]!.findings])
    expect(ids(await judged({}, SLOW, two))).toContain('N_PLUS_ONE')
  })

  test('that rests on names alone does not count', async () => {
    expect(ids(await judged({}, SLOW, loop(90, 'medium')))).not.toContain('N_PLUS_ONE')
  })

  test('the rule could not judge', async () => {
    const verdict = await judged({}, SLOW, reportOf([], ['queries/n-plus-one']))
    expect(why(verdict, 'N_PLUS_ONE')).toBe('queries/n-plus-one: skipped')
    expect(verdict.next.conditions.find(({name}) => name === 'certain N+1 loops')!.result).toBe('unknown')
  })
})

describe('IO_OR_INDEX', () => {
  test.each([
    [3, true],
    [2, false],
  ])('of 10 active sessions %i read', async (count, fires) => {
    const waits = [{type: 'IO', event: 'DataFileRead', count}]
    const verdict = await judged(
      {activity: {...BUSY, active: 10, waits}},
      SLOW,
      reportOf([finding('tables/seq-scan-heavy')]),
    )
    expect(ids(verdict).includes('IO_OR_INDEX')).toBe(fires)
    if (fires) expect(cause(verdict, 'IO_OR_INDEX').findings).toHaveLength(1)
  })
})

describe('CPU', () => {
  test.each([
    [4, true],
    [3, false],
  ])('%i sessions run on 4 cores', async (running, fires) => {
    expect(ids(await judged({activity: {...BUSY, running}})).includes('CPU')).toBe(fires)
  })

  test('names the statement that takes most of the time', async () => {
    const run = {
      activity: {...BUSY, running: 8},
      counters: () => ({
        statements: [
          {queryid: '7', calls: 10, totalMs: 900, rows: 1},
          {queryid: '8', calls: 10, totalMs: 100, rows: 1},
        ],
      }),
      run: {texts: new Map([['7', 'SELECT slow()']])},
    }
    const {evidence, summary} = cause(await judged(run), 'CPU')
    expect(summary).toContain('SELECT slow()')
    expect(evidence.find(({label}) => label.includes('SELECT slow()'))!.value).toBe(90)
  })

  test('cores not known: cannot judge', async () => {
    expect(why(await judged({start: {cpus: null}}), 'CPU')).toContain('--cpus')
  })
})

describe('NOT_THE_DATABASE', () => {
  /** Of 20 requests per second with 1000 ms each 20 are under way: so many percent are 5 times as many sessions. */
  test.each([
    [3, true],
    [4, false],
  ])('%i of 20 requests under way are in the database', async (active, fires) => {
    const verdict = await judged({activity: {...BUSY, active}})
    expect(ids(verdict).includes('NOT_THE_DATABASE')).toBe(fires)
  })

  test('connections that are all busy all the time: requests wait for one in the application', async () => {
    expect(ids(await judged({activity: {total: 3, active: 3, idle: 0}}))).not.toContain('NOT_THE_DATABASE')
  })

  test('failures that the database explains, and all else is fast', async () => {
    const failures = [failure('GET', '/', 'FATAL: sorry, too many clients already', 100)]
    expect(ids(await judged({activity: {total: 96}}, {failing: () => 1, failures}))).toEqual(['CONNECTIONS_EXHAUSTED'])
  })

  test('a connection for each query is always active, but there is no end of them', async () => {
    const each = ({second}: {second: number}) => ({total: 1 + (second % 3), active: 1 + (second % 3), idle: 0})
    expect(ids(await judged({activity: each}))).toEqual(['NOT_THE_DATABASE'])
  })

  test('connections that are all held: requests wait for one in the application', async () => {
    const held = {total: 5, active: 0, idleInTransaction: 5, idle: 0}
    expect(ids(await judged({activity: held}))).toEqual(['LONG_TRANSACTIONS'])
  })

  test('without the load generator: cannot judge', async () => {
    expect(why(await judge(runOf(), null), 'NOT_THE_DATABASE')).toContain('--locust')
  })
})

describe('a healthy run', () => {
  test('has no cause, but a nearest limit', async () => {
    const {bottleneck} = await judged({activity: {total: 60}}, {})
    expect(bottleneck.causes).toEqual([])
    expect(bottleneck.summary).toMatch(/^none was reached; the nearest is CONNECTIONS_EXHAUSTED, at 66 % of its limit/)
  })
})

test('pools of several consoles are added up', async () => {
  const two = (run: PoolSample[]) => run.flatMap(sample => [sample, {...sample, console: 'other:6432'}])
  const run = runOf({pools: {clientsWaiting: 2}})
  const verdict = await judge({...run, pools: two(run.pools)}, clientOf(SLOW))
  expect(verdict.bottleneck.causes[0]!.id).toBe('POOL_STARVED')
})
