import {describe, expect, test} from 'vitest'
import {CliError, EXIT} from '../../../src/errors.js'
import {clientOf, finding, judge, reportOf, runOf, SECONDS, T} from './builders.js'
import {storyRun} from './story.js'

/** What the hand-written script would have said, and with it the rule that rests on the same assumption. */
const TOO_LOW = reportOf([
  finding('connections/exhaustion', {title: 'max_connections = 100 is too low for 50 users', confidence: 'assumed'}),
])

describe('connections blamed, code guilty', () => {
  test.each([100, 200])('with max_connections = %i', async maxConnections => {
    const {run, client} = storyRun(maxConnections)
    const verdict = await judge(run, client, {report: TOO_LOW})
    expect(verdict.headline).toBe(
      'NO-GO for 100 users: the database does not explain 51 of 51 failures; errors 2.55 % (< 2 %); ' +
        'P95 2.2 s (< 750 ms); cause: NOT_THE_DATABASE',
    )
    expect(verdict.bottleneck.causes.map(({id}) => id)).toEqual(['NOT_THE_DATABASE'])
    expect(verdict.failures).toMatchObject({total: 51, explained: 0, notTheDatabase: 51, cannotTell: 0})
  })

  test('each failure with its numbers', async () => {
    const {run, client} = storyRun(100)
    const {failures} = await judge(run, client)
    expect(failures.groups[1]).toMatchObject({request: 'POST /login', count: 20, requests: 50})
    expect(failures.groups[1]!.reason).toBe(
      '0 connection refusals, at most 55 of 97 connections, ' +
        'database time 4 % of the latency (19.6 of 500 ms) in those seconds',
    )
  })

  test('nothing is said of max_connections but that it does not help', async () => {
    const {run, client} = storyRun(100)
    const {actions, bottleneck} = await judge(run, client, {report: TOO_LOW})
    expect(JSON.stringify(actions)).not.toContain('max_connections')
    expect(actions[0]).toContain("Look at the application's code and log of GET /project/[id]/recap")
    expect(bottleneck.causes[0]!.look[0]).toContain('A larger max_connections does not help')
  })
})

test('failures only, in a phase that is fast: they lead, before what is merely there', async () => {
  const loop = finding('queries/n-plus-one', {
    evidence: [{label: 'share of all calls', value: 90, unit: 'percent', source: 'pg_stat_statements'}],
  })
  const client = clientOf({failing: second => second % 2})
  const verdict = await judge(runOf({activity: {active: 0}}), client, {report: reportOf([loop])})
  expect(verdict.bottleneck.causes.map(({id, rank}) => [id, rank])).toEqual([
    ['NOT_THE_DATABASE', 'primary'],
    ['N_PLUS_ONE', 'secondary'],
  ])
})

describe('which part of the run', () => {
  test('of several plateaus the tested one, with the ramp before it', async () => {
    const {points, ...rest} = clientOf()
    const steps = points.map((point, i) => {
      const users = i < 40 ? 30 : i < 45 ? 30 + 4 * (i - 39) : 50
      return {...point, users, failures: i < 40 ? 1 : 0}
    })
    const client = {...rest, points: steps, total: {...rest.total, failures: 40}}
    const verdict = await judge(runOf({start: {users: null}}), client)
    expect(verdict.run).toMatchObject({users: 50, phase: 'medium', from: T + 40, to: T + SECONDS})
    expect(verdict.run.steady!.from).toBeGreaterThanOrEqual(T + 55)
    expect(verdict.criteria[0]).toMatchObject({measured: 100, source: 'requests from the ramp on'})
    // The lower plateau is a step of the ladder, too: the prediction rests on two.
    const predicted = verdict.next.conditions.filter(({name}) => name.startsWith('predicted'))
    expect(predicted.map(({note}) => note)).toEqual([
      'estimated for 100 users, from steps with 30, 50',
      'estimated for 100 users, from steps with 30, 50',
    ])
  })

  test('up to the first restart of the server', async () => {
    const run = runOf({activity: ({second}) => ({total: second > 60 ? 96 : 40}), run: {restarts: [T + 50]}})
    const verdict = await judge(run, clientOf({failing: second => (second > 50 ? 5 : 0)}))
    expect(verdict.run.to).toBe(T + 50)
    expect(verdict.criteria[0]).toMatchObject({measured: 100})
    expect(verdict.warnings[0]).toContain(
      'the server was restarted at 2027-01-15 08:00:50 UTC: the run is judged up to then',
    )
  })

  test('no second in common: exit 2, with both times', async () => {
    const error = await judge(runOf(), clientOf({part: {from: T + 3600, to: T + 3700}})).catch(thrown => thrown)
    expect(error).toBeInstanceOf(CliError)
    expect(error.exit).toBe(EXIT.usage)
    expect(error.message).toBe(
      'the database was watched from 2027-01-15 08:00:00 UTC to 2027-01-15 08:01:40 UTC, ' +
        'the load generator ran from 2027-01-15 09:00:00 UTC to 2027-01-15 09:01:40 UTC: no second in common',
    )
  })

  test('other users than the file has', async () => {
    const verdict = await judge(runOf({start: {users: 70}}), clientOf())
    expect(verdict.warnings.join()).toContain('at no time 70 users were constantly at work')
    expect(verdict.run.steady).toBeNull()
  })
})

describe('another clock', () => {
  /** A burst from second 40 on, seen by both: by the load generator's clock `skew` seconds later. */
  const skewed = (skew: number) => {
    const wave = (second: number) => (second < 0 ? 0 : 20 + 15 * Math.sin(second / 7) + 10 * Math.sin(second / 3.1))
    const commits = (second: number) =>
      Array.from({length: second}, (_, i) => 3 * wave(i + 1)).reduce((a, b) => a + b, 0)
    const run = runOf({counters: ({second}) => ({commits: commits(second)}), start: {command: null}})
    const client = clientOf()
    const points = client.points.map((point, i) => ({...point, at: point.at + skew, requests: wave(i + 1)}))
    return judge(run, {...client, points, from: T + skew, to: T + SECONDS + skew})
  }

  test('is put right, and said when it is far off', async () => {
    const verdict = await skewed(60)
    expect(verdict.warnings.join()).toMatch(/clock is (59|60|61) s ahead of the watcher's .*: applied/)
    expect(verdict.run.to).toBeGreaterThanOrEqual(T + SECONDS - 2)
  })

  test('is not worth a word within a few seconds', async () => {
    expect((await skewed(3)).warnings).toEqual([])
  })
})

test('it is plain JSON, the same each time', async () => {
  const {run, client} = storyRun(100)
  const verdict = await judge(run, client)
  expect(JSON.parse(JSON.stringify(verdict))).toEqual(verdict)
  expect(await judge(run, client)).toEqual(verdict)
})

test('warnings of the readers, thresholds and exceptions are passed on', async () => {
  const part = {
    notes: ['run_failures.csv is missing.'],
    exceptions: [{message: 'KeyError', count: 3}],
    thresholds: [{metric: 'http_req_duration', expression: 'p(95)<500', ok: false}],
  }
  const {warnings} = await judge(runOf({run: {notes: ['the file breaks off']}}), clientOf({part}))
  expect(warnings).toEqual([
    'the file breaks off',
    'run_failures.csv is missing.',
    '3 exceptions of the load script itself: no requests that failed',
    "the load generator's own threshold failed: http_req_duration p(95)<500",
  ])
})
