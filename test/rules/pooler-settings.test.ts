import {describe, expect, it} from 'vitest'
import type {Context} from '../../src/rule.js'
import applicationName from '../../src/rules/pooler/application-name-add-host.js'
import clientIdle from '../../src/rules/pooler/client-idle-timeout.js'
import backlog from '../../src/rules/pooler/listen-backlog.js'
import paused from '../../src/rules/pooler/paused.js'
import queryWait from '../../src/rules/pooler/query-wait-timeout.js'
import serverIdle from '../../src/rules/pooler/server-idle-timeout.js'
import serverLifetime from '../../src/rules/pooler/server-lifetime.js'
import type {Pooler} from '../../src/snapshot.js'
import {config, entry, pool, pooler, sample, samplesAt} from './poolers.js'
import {judge, only, outcome} from './sections.js'

const AT = '10.0.0.5:6432'
type Values = Record<string, string | number>
type Input = {options?: Record<string, number | string[]>; context?: Context}

const check = (rule: unknown, values: Values, input: Input = {}, part: Partial<Pooler> = {}) =>
  judge(rule, {poolers: [pooler({...part, config: config(values)})]}, input)

describe('pooler/query-wait-timeout', () => {
  it.each<[string, Values, Input, string[]]>([
    ['the default', {query_wait_timeout: 120}, {}, [`medium ${AT}`]],
    ['without end', {query_wait_timeout: 0}, {}, [`medium ${AT}`]],
    ['as long as the request', {query_wait_timeout: 30}, {}, [`medium ${AT}`]],
    ['shorter', {query_wait_timeout: 29}, {}, []],
    ['a request may take longer', {query_wait_timeout: 120}, {context: {requestTimeout: 180}}, []],
    ['a request must be faster', {query_wait_timeout: 15}, {context: {requestTimeout: 10}}, [`medium ${AT}`]],
    ['not shown', {}, {}, ['cannot judge']],
  ])('%s', (_, values, input, expected) => {
    expect(outcome(check(queryWait, values, input))).toEqual(expected)
  })

  it('knows what it was told from what it assumes, and stays below both', () => {
    const fix = (to: string) => [expect.objectContaining({name: 'query_wait_timeout', to})]
    const assumed = only(check(queryWait, {query_wait_timeout: 120}))
    expect(assumed).toMatchObject({confidence: 'assumed', fixes: fix('15')})
    const told = only(check(queryWait, {query_wait_timeout: 120}, {context: {requestTimeout: 8}}))
    expect(told).toMatchObject({confidence: 'estimated', fixes: fix('4')})
    expect(only(check(queryWait, {query_wait_timeout: 0}))).toMatchObject({confidence: 'measured'})
  })

  it('judges each console by itself', () => {
    const other = pooler({target: {host: '::1', port: 6433, user: 'stats'}, config: config({query_wait_timeout: 15})})
    const poolers = [pooler({config: config({query_wait_timeout: 120})}), other]
    const verdict = judge(queryWait, {poolers})
    expect(outcome(verdict)).toEqual([`medium ${AT}`])
    expect(verdict).toMatchObject({summary: expect.stringContaining('query_wait_timeout = 15 at [::1]:6433')})
  })
})

describe('pooler/server-lifetime', () => {
  it.each<[number, string[]]>([
    [0, [`high ${AT}`]],
    [299, [`low ${AT}`]],
    [300, []],
    [3600, []],
  ])('%s', (value, expected) => {
    expect(outcome(check(serverLifetime, {server_lifetime: value}))).toEqual(expected)
  })
})

describe('pooler/server-idle-timeout', () => {
  const remote = {databases: [entry({host: 'db.example.com'})]}
  const firewall = {options: {firewall: 300}}
  it.each<[string, Values, Input, Partial<Pooler>, string[]]>([
    ['the default, no firewall is assumed', {server_idle_timeout: 600}, {}, remote, []],
    ['never', {server_idle_timeout: 0}, {}, {}, [`low ${AT}`]],
    ['longer than the firewall', {server_idle_timeout: 600}, firewall, remote, [`medium ${AT}`]],
    ['as long as the firewall', {server_idle_timeout: 300}, firewall, remote, [`medium ${AT}`]],
    ['shorter than the firewall', {server_idle_timeout: 299}, firewall, remote, []],
    ['never, and a firewall', {server_idle_timeout: 0}, firewall, remote, [`medium ${AT}`]],
    ['no firewall on this machine', {server_idle_timeout: 600}, firewall, {}, []],
    ['nor on a socket', {server_idle_timeout: 600}, firewall, {databases: [entry({host: null})]}, []],
    ['kept alive', {server_idle_timeout: 600, tcp_keepalive: 1, tcp_keepidle: 60}, firewall, remote, []],
    ['too late', {server_idle_timeout: 600, tcp_keepalive: 1, tcp_keepidle: 300}, firewall, remote, [`medium ${AT}`]],
    ['off', {server_idle_timeout: 600, tcp_keepalive: 0, tcp_keepidle: 60}, firewall, remote, [`medium ${AT}`]],
  ])('%s', (_, values, input, part, expected) => {
    expect(outcome(check(serverIdle, values, input, part))).toEqual(expected)
  })

  it('sets both below the firewall', () => {
    const {fixes} = only(check(serverIdle, {server_idle_timeout: 600}, firewall, remote))
    expect(fixes).toMatchObject([
      {name: 'server_idle_timeout', to: '240'},
      {name: 'tcp_keepidle', to: '60'},
    ])
  })
})

describe('pooler/client-idle-timeout', () => {
  it.each<[number, Input, string[]]>([
    [0, {}, []],
    [1, {}, [`medium ${AT}`]],
    [599, {}, [`medium ${AT}`]],
    [600, {}, []],
    [120, {options: {connectionAge: 60}}, []],
  ])('%s', (value, input, expected) => {
    expect(outcome(check(clientIdle, {client_idle_timeout: value}, input))).toEqual(expected)
  })
})

describe('pooler/listen-backlog', () => {
  const app = {instances: 4, workers: 8, threads: 4}
  it.each<[string, number, Context, string[]]>([
    ['nobody said who connects', 1, {}, []],
    ['room for all users', 128, {users: 128}, []],
    ['more users', 128, {users: 129}, [`low ${AT}`]],
    ['the application fits', 128, {users: 1000, app}, []],
    ['the application does not', 127, {app}, [`medium ${AT}`]],
    ['a pool instead of threads', 128, {app: {...app, poolSize: 10}}, [`medium ${AT}`]],
  ])('%s', (_, value, context, expected) => {
    expect(outcome(check(backlog, {listen_backlog: value}, {context}))).toEqual(expected)
  })

  it('a unix socket has no such queue of SYNs', () => {
    expect(outcome(check(backlog, {listen_backlog: 1, listen_addr: ''}, {context: {users: 100}}))).toEqual([])
  })
})

describe('pooler/application-name-add-host', () => {
  const busy = {samples: samplesAt(500)}
  it.each<[string, Values, Partial<Pooler>, string[]]>([
    ['off', {application_name_add_host: 0}, busy, []],
    ['off, seen once', {application_name_add_host: 0}, {}, []],
    ['on, seen once', {application_name_add_host: 1}, {}, ['cannot judge']],
    ['on under load', {application_name_add_host: 1}, busy, [`low ${AT}`]],
    ['on, little to do', {application_name_add_host: 1}, {samples: samplesAt(5)}, []],
    [
      'session mode',
      {application_name_add_host: 1, pool_mode: 'session'},
      {samples: samplesAt(500, [pool({poolMode: 'session'})])},
      [],
    ],
  ])('%s', (_, values, part, expected) => {
    expect(outcome(check(applicationName, values, {}, part))).toEqual(expected)
  })
})

describe('pooler/paused', () => {
  const waiting = [sample({pools: [pool({clientsWaiting: 3, maxWait: 7})]})]
  const shop = (part: Parameters<typeof entry>[0]) => ({databases: [entry({name: 'shop', ...part})]})
  const SHOP = `database "shop" at ${AT}`
  it.each<[string, Partial<Pooler>, string[]]>([
    ['neither', {}, []],
    ['paused', shop({isPaused: true}), [`high ${SHOP}`]],
    ['paused, and others wait elsewhere', {...shop({isPaused: true}), samples: waiting}, [`high ${SHOP}`]],
    [
      'paused while clients wait',
      {databases: [entry({isPaused: true})], samples: waiting},
      [`critical database "ahsp" at ${AT}`],
    ],
    ['disabled', shop({isDisabled: true}), [`medium ${SHOP}`]],
    ['suspended', {state: 'suspended'}, [`high ${AT}`]],
    ['all paused: each says it', {state: 'paused', ...shop({isPaused: true})}, [`high ${SHOP}`]],
    ['active', {state: 'active'}, []],
  ])('%s', (_, part, expected) => {
    expect(outcome(check(paused, {}, {}, part))).toEqual(expected)
  })

  it('resumes a name of any kind', () => {
    const finding = only(check(paused, {admin_users: 'root, other'}, {}, shop({name: "My 'shop'", isPaused: true})))
    const line = `psql -h 10.0.0.5 -p 6432 -U root pgbouncer -c 'RESUME "My '\\''shop'\\''"'`
    expect(finding.fixes).toMatchObject([{steps: [{lines: [line]}]}])
  })
})
