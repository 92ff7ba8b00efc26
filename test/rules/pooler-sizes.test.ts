import {describe, expect, it} from 'vitest'
import type {Context} from '../../src/rule.js'
import minPoolSize from '../../src/rules/pooler/min-pool-size.js'
import oversizedPool from '../../src/rules/pooler/oversized-pool.js'
import reservePool from '../../src/rules/pooler/reserve-pool.js'
import singleProcess from '../../src/rules/pooler/single-process.js'
import wildcardDatabase from '../../src/rules/pooler/wildcard-database.js'
import type {Pooler, PoolerSample} from '../../src/snapshot.js'
import {config, entry, pool, pooler, sample, stats} from './poolers.js'
import {connectionSettings, judge, ok, only, outcome} from './sections.js'

const AT = '10.0.0.5:6432'

describe('pooler/oversized-pool', () => {
  const load = (peak: number, {seconds = 60, transactions = 6000, size = 40, min = 0, waiting = 0} = {}) =>
    pooler({
      config: config({default_pool_size: size, min_pool_size: min}),
      databases: [entry({poolSize: size, minPoolSize: min})],
      samples: [0, seconds / 2, seconds].map((at, look) =>
        sample({
          at,
          pools: [pool({serversActive: look === 1 ? peak : 0, clientsWaiting: look === 1 ? waiting : 0})],
          stats: [stats({transactions: look === 2 ? transactions : 0})],
        }),
      ),
    })
  const check = (one: Pooler) => judge(oversizedPool, {poolers: [one]})

  it.each<[string, Pooler, string[]]>([
    ['half in use', load(20), []],
    ['less than half', load(19), [`low pool "ahsp"/"app" at ${AT}`]],
    ['clients that waited count', load(19, {waiting: 1}), []],
    ['a short watch', load(1, {seconds: 59}), ['cannot judge']],
    ['no traffic', load(0, {transactions: 0}), ['cannot judge']],
    ['hardly any', load(1, {transactions: 59}), ['cannot judge']],
    ['a small pool', load(1, {size: 10}), []],
  ])('%s', (_, one, expected) => {
    expect(outcome(check(one))).toEqual(expected)
  })

  it.each<[number, number, string[]]>([
    [18, 0, ['default_pool_size = 24']],
    [3, 5, ['default_pool_size = 10']],
    [3, 20, ['default_pool_size = 10', 'min_pool_size = 5']],
  ])('peak %i, min_pool_size %i: %j', (peak, min, expected) => {
    const {fixes} = only(check(load(peak, {min})))
    expect(fixes.map(fix => (fix.kind === 'pooler' ? `${fix.name} = ${fix.to}` : fix.kind))).toEqual(expected)
  })

  it('is an assumption until the watch was long', () => {
    expect(only(check(load(3))).confidence).toBe('assumed')
    expect(only(check(load(3, {seconds: 900}))).confidence).toBe('estimated')
  })

  it('the busiest of the pools that share a line decides', () => {
    const samples = [0, 60].map(at =>
      sample({
        at,
        pools: [pool({serversActive: 2}), pool({user: 'jobs', serversActive: 30})],
        stats: [stats({transactions: at * 100})],
      }),
    )
    expect(outcome(check({...load(0), samples}))).toEqual([])
  })
})

describe('pooler/min-pool-size', () => {
  const at = (size: number, min: number | null, samples: Partial<PoolerSample>[] = [{}], general = min ?? 0) =>
    pooler({
      config: config({default_pool_size: size, min_pool_size: general}),
      databases: [entry({poolSize: size, minPoolSize: min})],
      samples: samples.map((part, look) => sample({at: look, pools: [pool()], ...part})),
    })
  const check = (one: Pooler, context: Context = {}) => judge(minPoolSize, {poolers: [one]}, {context})
  const USERS = {users: 100}

  it.each<[string, Pooler, Context, string[]]>([
    ['kept open', at(20, 10), USERS, []],
    ['no evidence', at(20, 0), {}, []],
    ['users to come', at(20, 0), USERS, [`low ${AT}`]],
    ['a small pool', at(9, 0), USERS, []],
    ['before 1.16 only the general value is told', at(20, null, [{}], 0), USERS, [`low ${AT}`]],
    ['and it is enough', at(20, null, [{}], 10), USERS, []],
    ['an entry of its own', at(20, 0, [{}], 10), USERS, [`low database "ahsp" at ${AT}`]],
    ['logins now', at(20, 0, [{pools: [pool({serversLogin: 5})]}]), {}, [`low ${AT}`]],
    ['few logins', at(20, 0, [{pools: [pool({serversLogin: 4})]}]), {}, []],
    [
      'backends come and go',
      at(20, 0, [{remotePids: [1, 2]}, {remotePids: [2, 3, 4, 5]}, {remotePids: [6, 7]}]),
      {},
      [`low ${AT}`],
    ],
    ['the same backends', at(20, 0, [{remotePids: [1, 2, 3, 4, 5, 6]}, {remotePids: [1, 2, 3, 4, 5, 6]}]), {}, []],
  ])('%s', (_, one, context, expected) => {
    expect(outcome(check(one, context))).toEqual(expected)
  })

  it('keeps half of the pool open', () => {
    expect(only(check(at(41, 0), USERS)).fixes).toMatchObject([{name: 'min_pool_size', to: '20'}])
  })
})

describe('pooler/reserve-pool', () => {
  const at = (size: number, reserve: number, values: Record<string, number> = {}, part: Partial<Pooler> = {}) =>
    pooler({
      config: config({
        default_pool_size: size,
        reserve_pool_size: reserve,
        reserve_pool_timeout: 5,
        query_wait_timeout: 120,
        ...values,
      }),
      databases: [entry({poolSize: size, reservePoolSize: reserve})],
      ...part,
    })
  const check = (one: Pooler, max = 200) => judge(reservePool, {poolers: [one], settings: ok(connectionSettings(max))})

  it.each<[string, Pooler, string[]]>([
    ['a reserve in time', at(40, 5), []],
    ['none', at(40, 0), [`low ${AT}`]],
    ['an entry without', at(40, 0, {reserve_pool_size: 5}), [`low database "ahsp" at ${AT}`]],
    ['as late as the end of waiting', at(40, 5, {query_wait_timeout: 5}), [`low ${AT}`]],
    ['just before', at(40, 5, {query_wait_timeout: 6}), []],
    ['clients wait for ever', at(40, 5, {query_wait_timeout: 0}), []],
    ['turned off', at(40, 5, {reserve_pool_timeout: 0}), [`low ${AT}`]],
    ['late, but there is none', at(40, 0, {query_wait_timeout: 5}), [`low ${AT}`]],
  ])('%s', (_, one, expected) => {
    expect(outcome(check(one))).toEqual(expected)
  })

  it.each<[string, Pooler, number, string[]]>([
    ['there is room', at(140, 0), 200, ['reserve_pool_size = 17']],
    ['the server is full', at(170, 0), 200, ['reserve_pool_size = 20', 'default_pool_size = 150']],
    ['one', at(2, 0), 200, ['reserve_pool_size = 1']],
    ['in time', at(40, 5, {query_wait_timeout: 5}), 200, ['reserve_pool_timeout = 1']],
    ['an entry', at(40, 0, {reserve_pool_size: 3}), 200, ['reserve_pool = 5']],
  ])('%s', (_, one, max, expected) => {
    const {fixes} = only(check(one, max))
    expect(fixes.map(fix => (fix.kind === 'pooler' ? `${fix.name} = ${fix.to}` : fix.kind))).toEqual(expected)
  })
})

describe('pooler/single-process', () => {
  const at = (perSecond: number, answeredMs = 1, part: Partial<Pooler> = {}) =>
    pooler({
      samples: [
        sample({stats: [stats()], answeredMs}),
        sample({at: 2, stats: [stats({queries: 2 * perSecond})], answeredMs}),
      ],
      ...part,
    })
  const check = (one: Pooler) => judge(singleProcess, {poolers: [one]})

  it.each<[string, Pooler, string[]]>([
    ['below', at(19_999), []],
    ['at the limit', at(20_000), [`medium ${AT}`]],
    ['and late', at(20_000, 20), [`high ${AT}`]],
    ['late alone: the network', at(100, 500), []],
    ['read once', at(20_000, 1, {samples: [sample()]}), ['cannot judge']],
    ['counters reset', at(-5), ['cannot judge']],
  ])('%s', (_, one, expected) => {
    expect(outcome(check(one))).toEqual(expected)
  })

  it.each<[number, boolean]>([
    [11_800, false],
    [11_900, true],
  ])('version %i: peers %s; the pools are halved', (versionNum, hasPeers) => {
    const settings = config({default_pool_size: 41, conffile: '/etc/pgbouncer/pgbouncer.ini', max_db_connections: 0})
    const steps = JSON.stringify(only(check(at(20_000, 1, {versionNum, config: settings}))).fixes)
    expect(steps).toContain('so_reuseport = 1')
    expect(steps).toContain('default_pool_size = 21')
    expect(steps).not.toContain('max_db_connections')
    expect(steps).toContain('/etc/pgbouncer/pgbouncer-2.ini')
    expect(steps.includes('[peers]')).toBe(hasPeers)
    expect(steps.includes('peer_id = 2')).toBe(hasPeers)
  })
})

describe('pooler/wildcard-database', () => {
  const users = (count: number) => Array.from({length: count}, (_, i) => `tenant_${i}`)
  const at = (databases: number, roles: number, values: Record<string, number> = {}, maxConnections = 0) => {
    const names = Array.from({length: databases}, (_, i) => `db${i}`)
    return pooler({
      config: config(values),
      databases: names.map(name => entry({name, database: name, maxConnections})),
      samples: [sample({pools: names.flatMap(name => users(roles).map(user => pool({database: name, user})))})],
    })
  }
  const check = (one: Pooler, max: number | null = 500) =>
    judge(wildcardDatabase, {poolers: [one], ...(max === null ? {} : {settings: ok(connectionSettings(max))})})

  it.each<[string, Pooler, number | null, string[]]>([
    ['seven pools', at(7, 1), 500, []],
    ['eight pools that fit', at(8, 1), 500, [`low ${AT}`]],
    ['that do not fit', at(8, 1), 100, [`medium ${AT}`]],
    ['the server is not known', at(4, 2), null, [`low ${AT}`]],
    ['bounded by database', at(1, 20, {}, 50), 100, []],
    ['bounded by user', at(20, 1, {max_user_connections: 50}), 100, []],
  ])('%s', (_, one, max, expected) => {
    expect(outcome(check(one, max))).toEqual(expected)
  })

  it.each<[string, Pooler, object]>([
    ['few databases', at(1, 12), {name: 'max_db_connections', to: '77'}],
    ['few users', at(12, 2), {name: 'max_user_connections', to: '38'}],
  ])('%s: what there are fewer of is bounded', (_, one, fix) => {
    expect(only(check(one, 100)).fixes).toMatchObject([fix])
  })
})
