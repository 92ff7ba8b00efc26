import {describe, expect, it} from 'vitest'
import type {ClientRun} from '../../src/loadtest/client.js'
import {compareRuns} from '../../src/loadtest/compare.js'
import type {Compared} from '../../src/loadtest/journey/row.js'
import type {Run} from '../../src/loadtest/record.js'
import {renderJourney} from '../../src/render/loadtest-compare.js'
import type {Sections} from '../../src/snapshot.js'
import {HOSTILE} from '../render/hostile.js'
import {activity, client, counters, emptyRun, point, START, setting, snapshot} from './builders.js'
import {random} from './simulation.js'

/** What one run was like; rates per second, success as a share. */
type Told = {
  name?: string
  users?: number
  seconds?: number
  perSecond?: number
  success?: number
  p95?: number
  seed?: number
  sections?: Partial<Sections>
  maxConnections?: string
  failures?: ClientRun['failures']
  run?: Partial<Run>
}

function loadOf({users = 50, seconds = 300, perSecond = 12, success = 0.98, p95 = 2000, seed = 1, failures}: Told) {
  const next = random(seed)
  // As many failures as told, spread by chance: only their places vary.
  const points = [...Array(seconds).keys()].map(at => {
    const requests = Math.max(0, Math.round(perSecond + (next() - 0.5) * 4))
    const failed = [...Array(requests)].filter(() => next() > success).length
    return point(1001 + at, {users, requests, failures: failed, p95: p95 * (0.8 + 0.4 * next())})
  })
  return client(points, failures ? {failures} : {})
}

function watched(told: Told): Compared {
  const {name = 'run', users = 50, seconds = 300, perSecond = 12, maxConnections = '100', sections, run} = told
  const start = snapshot({
    settings: [setting('max_connections', maxConnections), setting('shared_buffers', '16384', {unit: '8kB'})],
    server: {version: '18.1'} as Sections['server'],
    roleSettings: [],
    extensions: [],
    indexes: [],
    tables: [],
    ...sections,
  })
  const looks = [...Array(seconds + 1).keys()].map(at => 1000 + at)
  return {
    name,
    run: emptyRun({
      start: {...START, users},
      snapshots: {start, end: null},
      activity: looks.map(at => activity(at, {total: users})),
      counters: looks.map(at => counters(at, {commits: Math.round((at - 1000) * perSecond * 5)})),
      end: {type: 'end', at: 1000 + seconds, reason: 'duration', exitCode: null, missed: 0, notes: []},
      ...run,
    }),
    client: loadOf(told),
  }
}

const stepOf = (before: Told, after: Told) =>
  compareRuns([watched({name: 'before', ...before}), watched({name: 'after', seed: 7, ...after})]).steps[0]!

describe('a fix that did not help is called that', () => {
  it('max_connections 100 -> 200 while success falls: the wrong diagnosis', () => {
    const {outcome, headline, changes} = stepOf(
      {success: 0.9825, perSecond: 12.6},
      {success: 0.95, perSecond: 9.9, maxConnections: '200'},
    )
    expect(changes).toMatchObject([{kind: 'setting', text: 'max_connections 100 -> 200'}])
    expect(outcome).toBe('made it worse')
    expect(headline).toMatch(
      /^max_connections 100 -> 200: success 98\.\d+ % -> 9[45]\.?\d* %.*: did not help, it got worse$/,
    )
  })

  it('the story, by its own figures: 98.25 % -> 97.46 %', () => {
    const summary = (requests: number, failures: number, requestsPerSecond: number) =>
      client([], {
        total: {
          requests,
          failures,
          requestsPerSecond,
          users: 50,
          mean: null,
          p50: 180,
          p95: 2200,
          p99: 3900,
          max: 22_900,
        },
      })
    const before = {...watched({name: 'timeouts fixed'}), client: summary(3775, 66, 12.6)}
    const after = {...watched({name: 'more connections', maxConnections: '200'}), client: summary(2994, 76, 9.89)}
    const {headline} = compareRuns([before, after]).steps[0]!
    expect(headline).toBe('max_connections 100 -> 200: success 98.25 % -> 97.46 %: did not help, it got worse')
  })

  it('a difference within the noise is none, whichever way it points', () => {
    for (const success of [0.979, 0.981]) {
      const {outcome, headline, differences} = stepOf({success: 0.98}, {success, maxConnections: '200'})
      expect(differences.map(({result}) => result)).toEqual(['no difference', 'no difference', 'no difference'])
      expect(outcome).toBe('did not help')
      expect(headline).toMatch(/no difference \(success .* noise 0\.\d+ points, .*\): did not help$/)
    }
  })

  it('the same run twenty times over: chance helps nobody', () => {
    const outcomes = [...Array(20).keys()].map(
      seed => stepOf({seed: 100 + seed}, {seed: 200 + seed, maxConnections: '200'}).outcome,
    )
    expect(outcomes.filter(outcome => outcome !== 'did not help').length).toBeLessThanOrEqual(2)
  })

  it('what helped is called that, with a word on how sure that is', () => {
    const {outcome, headline, notes} = stepOf({success: 0.6}, {success: 0.985, p95: 400, maxConnections: '200'})
    expect(outcome).toBe('helped')
    expect(headline).toMatch(/: helped$/)
    expect(notes.join()).toMatch(/One run each/)
  })

  it('failing requests make the others faster: that is no gain', () => {
    const {outcome, notes} = stepOf({success: 0.99}, {success: 0.6, p95: 300, perSecond: 30, maxConnections: '200'})
    expect(outcome).toBe('made it worse')
    expect(notes.join()).toMatch(/alone makes the others faster/)
  })

  it('success the same, faster for fewer requests: mixed', () => {
    expect(stepOf({}, {p95: 500, perSecond: 6, maxConnections: '200'}).outcome).toBe('mixed')
  })

  it('several changes at once: which of them it was cannot be told', () => {
    const sections = {roleSettings: [{role: 'app', database: null, name: 'statement_timeout', value: '60s'}]}
    const {notes, changes} = stepOf({success: 0.6}, {success: 0.98, maxConnections: '200', sections})
    expect(changes).toHaveLength(2)
    expect(notes.join()).toMatch(/2 changes at once/)
  })

  it('better without a change: not the database', () => {
    const {outcome, headline} = stepOf({success: 0.6}, {success: 0.98})
    expect(outcome).toBe('no change')
    expect(headline).toMatch(/nothing that the database shows was changed: .*lies outside the database/)
    expect(stepOf({}, {}).headline).toMatch(/no difference \(.*\)$/)
  })

  it('without a snapshot nothing is said about changes', () => {
    const {headline, unknown} = stepOf({success: 0.6}, {run: {snapshots: {start: null, end: null}}})
    expect(unknown[0]).toMatch(/no snapshot/)
    expect(headline).toMatch(/^no change is known: .*cannot be told$/)
  })
})

describe('loads that differ', () => {
  it('more users and worse: the load or the change, nobody can say', () => {
    const {outcome, notes, differences} = stepOf({users: 50}, {users: 100, success: 0.8, maxConnections: '200'})
    expect(outcome).toBe('cannot be compared')
    expect(differences.map(({name}) => name)).toEqual(['success', 'P95'])
    expect(notes.join()).toMatch(/50 users, then 100 users: another load/)
  })

  it('more users and better: that is clear', () => {
    const {outcome} = stepOf({users: 50, success: 0.7}, {users: 100, success: 0.99, maxConnections: '200'})
    expect(outcome).toBe('helped')
  })

  it('runs of several steps are compared at the largest number that both have', () => {
    const climb = (name: string, counts: number[], seed: number): Compared => {
      const parts = counts.map((users, at) =>
        loadOf({users, seconds: 60, seed}).points.map(each => ({...each, at: each.at + 60 * at})),
      )
      const one = watched({name, seconds: 60 * counts.length})
      return {...one, run: {...one.run, start: {...START, users: null}}, client: client(parts.flat())}
    }
    const {rows, notes} = compareRuns([climb('a', [10, 30, 50], 1), climb('b', [10, 30], 2)])
    expect(rows.map(({users}) => users)).toEqual([30, 30])
    expect(notes.join()).toMatch(/compared at 30 users/)
  })

  it('another script of the load generator is said; where it writes is not', () => {
    const command = (...words: string[]) => ({run: {start: {...START, users: 50, command: ['locust', ...words]}}})
    const same = stepOf(command('-f', 'a.py', '--csv', 'one'), command('-f', 'a.py', '--csv', 'two'))
    expect(same.notes.join()).not.toMatch(/another command/)
    const other = stepOf(command('-f', 'a.py', '--csv=one'), command('-f', 'b.py', '--csv=two'))
    expect(other.notes.join()).toMatch(/another command.*a\.py -> locust -f b\.py/)
  })
})

describe('what was not measured', () => {
  it('without client files the database fills what it can', () => {
    const runs = [watched({name: 'before'}), watched({name: 'after', perSecond: 6, maxConnections: '200'})]
    const {rows, steps} = compareRuns(runs.map(run => ({...run, client: null})))
    expect(rows[0]).toMatchObject({users: 50, success: null, p95: null, failures: null})
    expect(rows[0]!.database.transactionsPerSecond!.value).toBeCloseTo(60, 0)
    expect(steps[0]!.differences.map(({name, result}) => `${name}: ${result}`)).toEqual([
      'success: not measured',
      'transactions: worse',
      'P95: not measured',
    ])
    expect(steps[0]!.outcome).toBe('made it worse')
  })

  it('a summary without intervals: a doubt is assumed, and said', () => {
    const summary = (requestsPerSecond: number, p95: number) =>
      client([], {
        total: {requests: 3600, failures: 60, requestsPerSecond, users: 50, mean: 1, p50: 90, p95, p99: 500, max: 900},
      })
    const before = {...watched({}), client: summary(12, 300)}
    const after = {...watched({maxConnections: '200'}), client: summary(11, 340)}
    const {outcome, notes} = compareRuns([before, after]).steps[0]!
    expect(outcome).toBe('did not help')
    expect(notes.join()).toMatch(/throughput and P95: too few intervals/)
  })
})

describe('the next step, from runs of a ladder', () => {
  /** Each user has 5 transactions a second, of 8 ms. */
  const rung = (users: number): Compared => {
    const one = watched({name: `${users}`, users, seconds: 60, perSecond: users, p95: 300})
    const activeMs = (at: number) => (at - 1000) * users * 5 * 8
    const looks = one.run.counters.map(look => ({...look, activeMs: activeMs(look.at)}))
    const seen = (at: number) => Math.floor((at + 1) * users * 0.04) - Math.floor(at * users * 0.04)
    const activity = one.run.activity.map((look, at) => ({
      ...look,
      active: seen(at),
      idleInTransaction: 0,
      running: seen(at),
    }))
    return {...one, run: {...one.run, counters: looks, activity}}
  }
  const ladder = [10, 30, 50].map(rung)

  it('throughput, busy connections, and the first link to break', () => {
    const {prediction, breaking} = compareRuns(ladder, {nextUsers: 100, cpus: 8}).next!
    expect(prediction).toMatchObject({users: 100, from: [10, 30, 50], known: 'estimated'})
    expect(prediction.transactionsPerSecond!.value / 500).toBeCloseTo(1, 1)
    expect(prediction.busy!.value / 4).toBeCloseTo(1, 0.6)
    expect(prediction.connections!.value).toBeCloseTo(100, 6)
    expect(breaking.first).toMatchObject({link: 'connections', users: 98})
  })

  it('is asked for, and refused beyond 2.5 times what was tested', async () => {
    expect(compareRuns(ladder).next).toBeNull()
    const journey = compareRuns(ladder, {nextUsers: 200})
    for (const format of ['table', 'markdown'] as const) {
      const text = await renderJourney(journey, format, {color: false, width: 100})
      expect(text.replace(/\s+/g, ' ')).toMatch(/Nothing is predicted: 200 users are more than 2.5 times the 50/)
    }
  })

  it('is printed with intervals, methods and the check against the last step', async () => {
    const text = await renderJourney(compareRuns(ladder, {nextUsers: 100}), 'table', {color: false, width: 100})
    expect(text).toMatch(/Expected at 100 users \(estimated from 10, 30, 50 users\)/)
    expect(text).toMatch(/transactions +\d+\/s +\d+\/s +\d+\/s/)
    expect(text.replace(/\s+/g, ' ')).toMatch(
      /First to break: Connections of the server at 98 users \(\d+ to \d+, estimated\)/,
    )
    expect(text).toMatch(/Method: Little's law/)
    expect(text.replace(/\s+/g, ' ')).toMatch(
      /Check: from the steps before it, \d+ transactions\/s .* at 50 users; measured \d+/,
    )
  })
})

describe('printed', () => {
  const failures = [
    {
      method: 'POST',
      name: '/login',
      error: 'FATAL: sorry, too many clients already',
      count: 60,
      first: null,
      last: null,
    },
  ]
  const journey = () =>
    compareRuns([
      watched({
        name: 'run50',
        failures,
        run: {refusals: [{type: 'refused', at: 1100, end: 'server', sqlstate: '53300', message: 'sorry'}]},
      }),
      watched({name: 'run50-max200', seed: 9, maxConnections: '200'}),
    ])

  it('a table: figures, failures by cause, what the database saw, the verdict on the fix', async () => {
    const text = await renderJourney(journey(), 'table', {color: false, width: 110})
    expect(text).toMatch(/run +users +success +req\/s +P50 +P95 +P99 +failures/)
    expect(text).toMatch(/run50 +50 +9[78]\.\d+ %/)
    expect(text).toMatch(/60[\s\S]*CONNECTIONS_EXHAUSTED/)
    expect(text).toContain('run50 -> run50-max200')
    expect(text.replace(/\s+/g, ' ')).toMatch(/max_connections 100 -> 200: no difference \(.*\): did not help/)
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(110)
  })

  it('a server name, a query or a file name cannot break a format', async () => {
    // The target goes into a code span, where nothing is read as Markdown or HTML; names of metrics are ours.
    const named = compareRuns([watched({name: HOSTILE}), watched({name: `2 ${HOSTILE}`})], {nextUsers: 100})
    const poisoned = JSON.parse(JSON.stringify({...named, steps: journey().steps}), (key, value) =>
      typeof value === 'string' &&
      !['unit', 'outcome', 'result', 'kind', 'format', 'host', 'database', 'tool', 'name'].includes(key)
        ? `${value} ${HOSTILE}`
        : value,
    )
    for (const format of ['table', 'markdown', 'json'] as const) {
      const text = await renderJourney(poisoned, format, {color: false, width: 80})
      expect(text).not.toMatch(/[\u001b\u0007\u009b\u202e\u2066]/)
      if (format === 'markdown') expect(text).not.toMatch(/<script|(^|\n)# h/)
    }
  })

  it('markdown: verdicts first, then the tables', async () => {
    const text = await renderJourney(journey(), 'markdown', {color: false, width: 80})
    expect(text).toMatch(
      /^# Load tests compared\n\n- \*\*run50 -&gt; run50-max200\*\*: max\\?_connections 100 -&gt; 200: /,
    )
    expect(text).toContain('| measured | before | after | noise | result |')
    expect(text).toContain('What the database saw')
  })

  it('json is the journey itself', async () => {
    expect(JSON.parse(await renderJourney(journey(), 'json', {color: false, width: 80}))).toEqual(journey())
  })
})
