import {describe, expect, it} from 'vitest'
import authentication from '../../src/rules/pooler/authentication.js'
import tls from '../../src/rules/pooler/tls.js'
import type {Pooler, PoolerClients, PoolerServer} from '../../src/snapshot.js'
import {config, entry, pooler} from './poolers.js'
import {findingsOf, judge, only, outcome} from './sections.js'

const AT = '10.0.0.5:6432'
type Values = Record<string, string | number>

const check = (rule: unknown, values: Values, part: Partial<Pooler> = {}) =>
  judge(rule, {poolers: [pooler({...part, config: config(values)})]})

const client = (part: Partial<PoolerClients> = {}): PoolerClients => ({
  database: 'ahsp',
  user: 'app',
  application: 'gunicorn',
  address: '10.0.0.7',
  state: 'active',
  tls: '',
  connections: 3,
  preparedStatements: null,
  ...part,
})

const backend = (part: Partial<PoolerServer> = {}): PoolerServer => ({
  database: 'ahsp',
  user: 'app',
  state: 'idle',
  address: '10.0.0.9',
  port: 5432,
  remotePid: 1,
  tls: '',
  ...part,
})

describe('pooler/authentication', () => {
  const local = {listen_addr: '127.0.0.1, ::1, localhost'}
  const socket = {listen_addr: ''}
  it.each<[string, Values, string[]]>([
    ['trust, open', {auth_type: 'trust'}, [`high ${AT}`]],
    ['trust, everywhere', {auth_type: 'trust', listen_addr: '*'}, [`high ${AT}`]],
    ['trust, everywhere by number', {auth_type: 'trust', listen_addr: '127.0.0.1,0.0.0.0'}, [`high ${AT}`]],
    ['trust, this machine only', {auth_type: 'trust', ...local}, [`low ${AT}`]],
    ['trust, a socket only', {auth_type: 'trust', ...socket}, [`low ${AT}`]],
    ['any, open', {auth_type: 'any'}, [`high ${AT}`]],
    ['any, this machine: its console, too', {auth_type: 'any', ...local}, [`medium ${AT}`]],
    ['plain, open', {auth_type: 'plain'}, [`high ${AT}`]],
    ['plain within TLS', {auth_type: 'plain', client_tls_sslmode: 'require'}, [`low ${AT}`]],
    ['plain within optional TLS', {auth_type: 'plain', client_tls_sslmode: 'prefer'}, [`high ${AT}`]],
    ['md5, open', {auth_type: 'md5'}, [`medium ${AT}`]],
    ['md5, this machine', {auth_type: 'md5', ...local}, [`low ${AT}`]],
    ['scram', {auth_type: 'scram-sha-256'}, []],
    ['certificates', {auth_type: 'cert'}, []],
    ['ldap (1.25)', {auth_type: 'ldap'}, []],
    ['hba: not shown', {auth_type: 'hba'}, ['cannot judge']],
    ['unknown', {}, ['cannot judge']],
  ])('%s', (_, values, expected) => {
    expect(outcome(check(authentication, values))).toEqual(expected)
  })

  it('says of one with hba, beside another, that it was not seen', () => {
    const poolers = [
      pooler({config: config({auth_type: 'hba'})}),
      pooler({config: config({auth_type: 'scram-sha-256'})}),
    ]
    expect(judge(authentication, {poolers})).toMatchObject({summary: expect.stringContaining('its file is not shown')})
  })
})

describe('pooler/tls', () => {
  const CLIENTS = `client_tls_sslmode at ${AT}`
  const SERVERS = `server_tls_sslmode at ${AT}`
  const off = {client_tls_sslmode: 'disable', server_tls_sslmode: 'disable'}
  const secure = {client_tls_sslmode: 'require', server_tls_sslmode: 'verify-full'}
  const remote = (host: string) => ({databases: [entry({host})]})
  it.each<[string, Values, Partial<Pooler>, string[]]>([
    ['open, nobody there', off, {}, [`low ${CLIENTS}`]],
    ['open, a client without', off, {clients: [client()]}, [`medium ${CLIENTS}`]],
    [
      'a client of the internet without',
      off,
      {clients: [client(), client({address: '203.0.113.9'})]},
      [`high ${CLIENTS}`],
    ],
    [
      'clients of this machine',
      off,
      {clients: [client({address: '127.0.0.1'}), client({address: 'unix'})]},
      [`low ${CLIENTS}`],
    ],
    [
      'optional, and used',
      {...off, client_tls_sslmode: 'prefer'},
      {clients: [client({tls: 'TLSv1.3'})]},
      [`low ${CLIENTS}`],
    ],
    ['optional, and not used', {...off, client_tls_sslmode: 'allow'}, {clients: [client()]}, [`medium ${CLIENTS}`]],
    ['demanded', secure, {}, []],
    ['this machine only', {...off, listen_addr: '127.0.0.1'}, {}, []],
    [
      'a server on another machine',
      {...secure, server_tls_sslmode: 'disable'},
      remote('10.0.0.9'),
      [`medium ${SERVERS}`],
    ],
    ['on the internet', {...secure, server_tls_sslmode: 'disable'}, remote('203.0.113.5'), [`high ${SERVERS}`]],
    [
      'on the internet, says DNS',
      {...secure, server_tls_sslmode: 'disable'},
      {...remote('db.example.com'), dns: [{hostname: 'db.example.com', addresses: ['203.0.113.5']}]},
      [`high ${SERVERS}`],
    ],
    [
      'preferred, and refused',
      {...secure, server_tls_sslmode: 'prefer'},
      {...remote('db'), servers: [backend()]},
      [`medium ${SERVERS}`],
    ],
    ['demanded, not checked', {...secure, server_tls_sslmode: 'require'}, remote('db'), [`low ${SERVERS}`]],
    ['its name not checked', {...secure, server_tls_sslmode: 'verify-ca'}, remote('db'), [`low ${SERVERS}`]],
    ['checked', secure, remote('db'), []],
    ['a server on this machine', {...secure, server_tls_sslmode: 'disable'}, remote('localhost'), []],
    ['a socket', {...secure, server_tls_sslmode: 'disable'}, {databases: [entry({host: null})]}, []],
    [
      'one of a list is elsewhere',
      {...secure, server_tls_sslmode: 'disable'},
      remote('127.0.0.1,10.0.0.9'),
      [`medium ${SERVERS}`],
    ],
  ])('%s', (_, values, part, expected) => {
    expect(outcome(check(tls, values, part))).toEqual(expected)
  })

  it('is one line where the certificate is there already', () => {
    const files = {
      client_tls_cert_file: '/etc/crt',
      server_tls_ca_file: '/etc/ca',
      conffile: '/etc/pgbouncer/pgbouncer.ini',
    }
    const fixes = findingsOf(check(tls, {...off, ...files}, remote('db'))).flatMap(finding => finding.fixes)
    expect(fixes).toMatchObject([
      {kind: 'pooler', name: 'client_tls_sslmode', to: 'require'},
      {kind: 'pooler', name: 'server_tls_sslmode', to: 'verify-full', reconnect: true},
    ])
  })

  it('else tells where to make one', () => {
    const {fixes} = only(check(tls, {...off, conffile: '/srv/pg/bouncer.ini'}))
    expect(JSON.stringify(fixes)).toContain('-keyout /srv/pg/pgbouncer.key')
  })
})
