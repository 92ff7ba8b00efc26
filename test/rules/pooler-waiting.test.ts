import {describe, expect, it} from 'vitest'
import type {Context} from '../../src/rule.js'
import clientsWaiting from '../../src/rules/pooler/clients-waiting.js'
import waitTime from '../../src/rules/pooler/wait-time.js'
import type {Activity, Pooler} from '../../src/snapshot.js'
import {config, entry, pool, pooler, sample, stats} from './poolers.js'
import {activity, connectionSettings, judge, ok, only, outcome} from './sections.js'

const POOL = 'pool "ahsp"/"app" at 10.0.0.5:6432'

/** Ten sessions in each of three looks, so many of them active, the rest idle in transaction. */
const server = (active: number): Activity => {
  const looks = activity([], [10, 10, 10])
  return {...looks, samples: looks.samples.map(each => ({...each, active, idleInTransaction: 10 - active}))}
}

type Around = {active?: number | null; cpus?: number; max?: number; context?: Context}

const around = ({active = 1, max = 200}: Around) => ({
  settings: ok(connectionSettings(max)),
  ...(active === null ? {} : {activity: ok(server(active))}),
})

/** A pool of ten, and how many of its clients waited at each second. */
const waiting = (counts: number[], maxWait = 0.2, servers = 10, part: Partial<Pooler> = {}) =>
  pooler({
    config: config({default_pool_size: 10, query_wait_timeout: 120}),
    databases: [entry({poolSize: 10})],
    samples: counts.map((clientsWaiting, at) =>
      sample({at, pools: [pool({clientsWaiting, maxWait: clientsWaiting > 0 ? maxWait : 0, serversActive: servers})]}),
    ),
    ...part,
  })

describe('pooler/clients-waiting', () => {
  const check = (one: Pooler, input: Around = {}) =>
    judge(
      clientsWaiting,
      {poolers: [one], ...around(input)},
      {context: {cpus: input.cpus ?? 4, ...(input.cpus === 0 ? {cpus: undefined} : {}), ...input.context}},
    )

  it.each<[string, Pooler, string[]]>([
    ['nobody', waiting([0, 0, 0]), []],
    ['one look, briefly', waiting([0, 5, 0]), []],
    ['looks that do not follow each other', waiting([5, 0, 5]), []],
    ['two looks running', waiting([0, 5, 5]), [`high ${POOL}`]],
    ['one look, a second long', waiting([0, 5, 0], 1), [`high ${POOL}`]],
    ['ten seconds', waiting([0, 5, 0], 10), [`critical ${POOL}`]],
    [
      'half of query_wait_timeout',
      waiting([5], 4, 10, {config: config({default_pool_size: 10, query_wait_timeout: 8})}),
      [`critical ${POOL}`],
    ],
    ['query_wait_timeout = 0: never', waiting([5], 4, 10, {config: config({query_wait_timeout: 0})}), [`high ${POOL}`]],
    ['a paused database', waiting([5, 5], 9, 10, {databases: [entry({isPaused: true})]}), []],
    ['a paused PgBouncer', waiting([5, 5], 9, 10, {state: 'paused'}), []],
  ])('%s', (_, one, expected) => {
    expect(outcome(check(one))).toEqual(expected)
  })

  it.each<[string, Around, string | null, RegExp]>([
    ['room for all', {active: 1}, '15', /1 active backends on 4 cores: there is room/],
    ['room for some: 8 active at most', {active: 6}, '13', /room for more/],
    ['processors at 2 x cores', {active: 8}, null, /would not help: 8 active backends on 4 cores/],
    ['the server has no more', {active: 1, max: 14}, null, /do not fit/],
    ['the server has few', {active: 1, max: 20}, '14', /room for more/],
    ['two processes share what is left', {active: 1, max: 30, context: {poolerProcesses: 2}}, '11', /room for more/],
    ['sessions are hidden', {active: null}, null, /cannot be told.*sessions/],
    ['cores are not known', {cpus: 0}, null, /cannot be told.*--cpus/],
  ])('the pool grows only while that helps: %s', (_, input, to, because) => {
    const {fixes, detail} = only(check(waiting([5, 5]), input))
    const line = fixes.find(({kind}) => kind === 'pooler')
    expect(line ?? null).toEqual(to === null ? null : expect.objectContaining({name: 'default_pool_size', to}))
    expect(detail).toMatch(because)
    expect(fixes.at(-1)).toMatchObject({kind: 'action'})
  })

  it('a pool of its own grows in its own line; a limit that binds is what grows', () => {
    const own = waiting([5, 5], 1, 10, {config: config({default_pool_size: 20})})
    expect(only(check(own)).fixes[0]).toMatchObject({name: 'pool_size', database: 'ahsp', to: '15'})
    const bound = entry({poolSize: 20, maxConnections: 10, currentConnections: 10})
    const bounded = waiting([5, 5], 1, 10, {config: config({max_db_connections: 10}), databases: [bound]})
    expect(only(check(bounded)).fixes[0]).toMatchObject({name: 'max_db_connections', to: '25'})
  })

  it('waiting before a pool that is not full: the server refuses, or logins are slow', () => {
    const {detail, fixes} = only(check(waiting([5, 5], 1, 3)))
    expect(detail).toContain('not full')
    expect(fixes).toMatchObject([{kind: 'action', note: 'a larger pool would not help'}])
  })

  it('says whether transactions or queries hold the connections', () => {
    const steps = (active: number) => JSON.stringify(only(check(waiting([5, 5]), {active})).fixes.at(-1))
    expect(steps(1)).toContain('Shorten transactions first')
    expect(steps(7)).toContain('slowest and most frequent queries first')
  })
})

describe('pooler/wait-time', () => {
  /** Over ten seconds so many transactions, each of which waited and then held a server connection. */
  const load = (transactions: number, waitMs: number, heldMs = 10, part: Partial<Pooler> = {}) =>
    pooler({
      config: config({default_pool_size: 10}),
      databases: [entry({poolSize: 10})],
      samples: [
        sample({pools: [pool()], stats: [stats({transactions: 7, waitTimeUs: 9e9})]}),
        sample({
          at: 10,
          pools: [pool({serversActive: 10})],
          stats: [
            stats({
              transactions: 7 + transactions,
              waitTimeUs: 9e9 + transactions * waitMs * 1000,
              transactionTimeUs: transactions * (waitMs + heldMs) * 1000,
            }),
          ],
        }),
      ],
      ...part,
    })
  const check = (one: Pooler, input: Around = {}) =>
    judge(waitTime, {poolers: [one], ...around(input)}, {context: {cpus: 4}})

  it.each<[string, Pooler, string[]]>([
    ['no wait', load(1000, 0), []],
    ['below', load(1000, 9.9), []],
    ['medium', load(1000, 10), ['medium database "ahsp" at 10.0.0.5:6432']],
    ['still medium', load(1000, 99), ['medium database "ahsp" at 10.0.0.5:6432']],
    ['high', load(1000, 100), ['high database "ahsp" at 10.0.0.5:6432']],
    ['too few to tell', load(19, 500), []],
    ['no traffic', load(0, 0), []],
    ['read once', load(1000, 500, 10, {samples: [sample({pools: [pool()]})]}), ['cannot judge']],
    [
      'nothing ends while clients wait',
      load(0, 0, 10, {samples: [0, 10].map(at => sample({at, pools: [pool({clientsWaiting: 3})]}))}),
      ['cannot judge'],
    ],
  ])('%s', (_, one, expected) => {
    expect(outcome(check(one))).toEqual(expected)
  })

  it.each<[number, number, string]>([
    // 100/s x (50 ms held + 100 ms waiting) = 5 in use + 10 waiting
    [100, 50, '15'],
    // 100/s x (99 ms + 10 ms) = 9.9 + 1: bursts count for more
    [10, 99, '17'],
  ])('the pool that %i ms of wait and %i ms of use ask for', (waitMs, heldMs, to) => {
    expect(only(check(load(1000, waitMs, heldMs))).fixes[0]).toMatchObject({name: 'default_pool_size', to})
  })

  it('does not grow the pool when the processors are busy', () => {
    expect(only(check(load(1000, 100), {active: 9})).fixes).toMatchObject([{kind: 'action'}])
  })
})
