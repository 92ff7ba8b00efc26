import {describe, expect, it} from 'vitest'
import authentication from '../../src/rules/security/authentication.js'
import extensionVersions from '../../src/rules/security/extension-versions.js'
import passwordExpiry from '../../src/rules/security/password-expiry.js'
import publicSchemaCreate from '../../src/rules/security/public-schema-create.js'
import serverVersion from '../../src/rules/security/server-version.js'
import sslOff from '../../src/rules/security/ssl-off.js'
import superuserApplication from '../../src/rules/security/superuser-application.js'
import type {HbaRule, Role, Session} from '../../src/snapshot.js'
import {activity, hidden, judge, NOW, ok, only, outcome, role, server, session, setting} from './sections.js'

const DAY = 86_400
let line = 0
const hba = (text: string): HbaRule => {
  const [type = '', database = '', user = '', ...rest] = text.split(' ')
  const [address = null, method = ''] = type === 'local' ? [null, rest[0]] : [rest[0]!, rest[1]]
  const [host, bits] = address?.split('/') ?? [null]
  const netmask = bits === undefined ? null : maskOf(Number(bits))
  line += 1
  return {
    file: '/pg_hba.conf',
    line,
    type,
    databases: [database],
    users: [user],
    address: host!,
    netmask,
    method,
    options: [],
  }
}
const maskOf = (bits: number) =>
  [0, 8, 16, 24].map(at => 256 - 2 ** (8 - Math.min(8, Math.max(0, bits - at)))).join('.')

describe('security/authentication', () => {
  const check = (lines: string[], listen = '*', encryption = 'scram-sha-256') =>
    judge(authentication, {
      settings: [setting('listen_addresses', listen), setting('password_encryption', encryption)],
      hbaRules: ok(lines.map(hba)),
    })
  it.each<[string, string[], string, string[]]>([
    [
      'a developer machine',
      ['local all all trust', 'host all all 127.0.0.1/32 trust', 'host all all ::1 trust'],
      '*',
      [],
    ],
    ['the official image', ['host all all 127.0.0.1/32 trust', 'host all all all scram-sha-256'], '*', []],
    ['everybody', ['host all all 0.0.0.0/0 trust'], '*', ['high pg_hba.conf: trust']],
    ['everybody, by word', ['host all app all trust'], '*', ['high pg_hba.conf: trust']],
    ['a public address', ['host all all 8.8.8.8/32 trust'], '*', ['high pg_hba.conf: trust']],
    ['a mask beyond the private range', ['host all all 10.0.0.0/4 trust'], '*', ['high pg_hba.conf: trust']],
    ['a private network', ['hostssl all all 10.0.0.0/8 trust'], '10.0.0.1', ['medium pg_hba.conf: trust']],
    ['nobody listens', ['host all all 0.0.0.0/0 trust'], 'localhost', ['low pg_hba.conf: trust']],
    ['no TCP at all', ['host all all 0.0.0.0/0 trust'], '', ['low pg_hba.conf: trust']],
    ['an earlier line decides', ['host all all all reject', 'host all all 10.0.0.0/8 trust'], '*', []],
    [
      'an earlier line for others',
      ['host all bob all reject', 'host all all 10.0.0.0/8 trust'],
      '*',
      ['medium pg_hba.conf: trust'],
    ],
    [
      'replication is not in all',
      ['host all all all md5', 'host replication all 10.0.0.0/8 trust'],
      '*',
      ['medium pg_hba.conf: trust'],
    ],
    ['clear passwords', ['host all all 10.0.0.0/8 password'], '*', ['medium pg_hba.conf: password']],
    ['clear passwords in TLS', ['hostssl all all 10.0.0.0/8 password'], '*', []],
    ['md5 takes SCRAM passwords too', ['host all all all md5'], '*', []],
  ])('%s', (_, lines, listen, expected) => expect(outcome(check(lines, listen))).toEqual(expected))

  it('a client certificate proves who it is', () => {
    const rule = {...hba('hostssl all all 0.0.0.0/0 trust'), options: ['clientcert=verify-full']}
    const settings = [setting('listen_addresses', '*'), setting('password_encryption', 'scram-sha-256')]
    expect(outcome(judge(authentication, {settings, hbaRules: ok([rule])}))).toEqual([])
  })
  it('MD5 is told even when pg_hba.conf is hidden', () => {
    const settings = (value: string) => [setting('listen_addresses', '*'), setting('password_encryption', value)]
    expect(outcome(judge(authentication, {settings: settings('md5')}))).toEqual(['low password_encryption'])
    expect(judge(authentication, {settings: settings('scram-sha-256'), hbaRules: hidden})).toMatchObject({
      cannotJudge: 'pg_hba.conf: hidden',
    })
  })
  it('the fix edits the very line', () => {
    const {fixes} = only(check(['host all all 0.0.0.0/0 trust']))
    expect(fixes[0]).toMatchObject({
      steps: [
        {replaces: 'host all all 0.0.0.0/0 trust', lines: ['host all all 0.0.0.0/0 scram-sha-256'], line},
        {lines: ['SELECT pg_reload_conf();']},
      ],
    })
  })
})

describe('security/superuser-application', () => {
  const as = (pid: number, part: Partial<Session> = {}) => session(pid, {user: 'root', ...part})
  const check = (sessions: Session[], part: Partial<Role> = {}) =>
    judge(superuserApplication, {
      roles: [role('root', {isSuperuser: true, ...part}), role('app')],
      activity: activity(sessions),
    })
  it.each<[string, Session[], string[]]>([
    ['two workers', [as(1), as(2)], ['medium role "root"']],
    ['without a name', [as(1, {application: ''}), as(2, {application: ''})], ['medium role "root"']],
    ['one session may be a person', [as(1)], []],
    ['tools', [as(1, {application: 'psql'}), as(2, {application: 'DBeaver 24.1 - Main'}), as(3)], []],
    ['not a client', [as(1, {backendType: 'walsender'}), as(2, {backendType: 'walsender'})], []],
    ['an ordinary role', [session(1), session(2)], []],
  ])('%s', (_, sessions, expected) => expect(outcome(check(sessions))).toEqual(expected))
  it('the role of initdb cannot be demoted', () => {
    expect(only(check([as(1), as(2)], {isBootstrap: true})).fixes[0]).toMatchObject({kind: 'action'})
    expect(only(check([as(1), as(2)])).fixes[0]).toMatchObject({statements: ['ALTER ROLE "root" NOSUPERUSER']})
  })
})

describe('security/ssl-off', () => {
  const check = (ssl: string, ...sessions: Partial<Session>[]) =>
    judge(sslOff, {settings: [setting('ssl', ssl)], activity: activity(sessions.map((part, i) => session(i, part)))})
  it.each<[string, string, Partial<Session>[], string[]]>([
    ['socket and loopback', 'off', [{clientAddr: null}, {clientAddr: '127.0.0.1'}, {clientAddr: '::1'}], []],
    ['a private network', 'off', [{clientAddr: '172.18.0.3'}], ['low ssl']],
    ['a public address', 'off', [{clientAddr: '203.0.113.9'}, {clientAddr: '10.0.0.3'}], ['high ssl']],
    ['IPv6', 'off', [{clientAddr: '2001:db8::1'}], ['high ssl']],
    ['a client that does not ask for it', 'on', [{clientAddr: '203.0.113.9'}], ['high ssl']],
    ['encrypted', 'on', [{clientAddr: '203.0.113.9', ssl: true}], []],
    ['not told', 'off', [{clientAddr: '203.0.113.9', ssl: null}], []],
  ])('%s', (_, ssl, sessions, expected) => expect(outcome(check(ssl, ...sessions))).toEqual(expected))
})

describe('security/public-schema-create', () => {
  const open = (schema: string, owners: string[] = []) => ({schema, owner: 'pg_database_owner', owners})
  it.each<[string, unknown[], Role[], string[]]>([
    ['closed', [], [role('a'), role('b')], []],
    ['open', [open('public')], [role('a'), role('b')], ['low schema "public"']],
    ['nobody to deceive', [open('public')], [role('a'), role('postgres', {isSuperuser: true})], []],
  ])('%s', (_, openSchemas, roles, expected) => {
    expect(outcome(judge(publicSchemaCreate, {openSchemas, roles}))).toEqual(expected)
  })
  it('those who create there keep the right', () => {
    const {fixes} = only(
      judge(publicSchemaCreate, {openSchemas: [open('public', ['a'])], roles: [role('a'), role('b')]}),
    )
    expect(fixes[0]).toMatchObject({
      statements: ['GRANT CREATE ON SCHEMA "public" TO "a"', 'REVOKE CREATE ON SCHEMA "public" FROM PUBLIC'],
    })
  })
  it('names every schema', () => {
    const openSchemas = Array.from({length: 100}, (_, n) => open(`tenant_${n}`))
    expect(outcome(judge(publicSchemaCreate, {openSchemas, roles: [role('a'), role('b')]}))).toHaveLength(100)
  })
})

describe('security/password-expiry', () => {
  const dated = (days: number, part: Partial<Role> = {}) => role('a', {validUntil: NOW + days * DAY, ...part})
  const policy = 'info roles without VALID UNTIL'
  it.each<[string, Role[], string[]]>([
    ['nobody dates passwords', [role('a'), role('b')], []],
    ['connected, soon', [dated(13, {connections: 2})], ['high role "a"']],
    ['not connected, soon', [dated(13)], ['low role "a"']],
    ['later', [dated(15, {connections: 2})], []],
    ['expired and connected still', [dated(-1, {connections: 1})], ['high role "a"']],
    ['locked out on purpose', [dated(-1)], []],
    ['some have dates', [dated(60), role('b'), role('c')], [policy]],
    ['superusers are yours', [dated(60), role('postgres', {isSuperuser: true})], []],
    ['cannot log in', [dated(60), role('group', {canLogin: false})], []],
  ])('%s', (_, roles, expected) => expect(outcome(judge(passwordExpiry, {roles}))).toEqual(expected))
})

describe('security/extension-versions', () => {
  const at = (version: string, availableVersion: string | null) => ({name: 'x', version, availableVersion, schema: 's'})
  it.each([
    ['1.9', '1.10', ['low extension "x"']],
    ['1.10', '1.9', []],
    ['1.10', '1.10', []],
    ['2', '2.0', []],
    ['3.4.0', '3.4.2', ['low extension "x"']],
    ['3.4.0', '3.5.0dev', []],
    ['1.0', null, []],
  ])('%s, with %s installed', (version, available, expected) => {
    expect(outcome(judge(extensionVersions, {extensions: [at(version, available)]}))).toEqual(expected)
  })
})

describe('security/server-version', () => {
  const on = (date: string) => Date.parse(`${date}T12:00:00Z`) / 1000
  const check = (versionNum: number, date: string, options = {}) =>
    judge(serverVersion, {server: server({versionNum, now: on(date)})}, {options})
  it.each<[string, number, string, string[]]>([
    ['newest known', 150020, '2026-11-21', []],
    ['newer than the list', 150021, '2026-11-21', []],
    ['one behind', 150019, '2026-11-21', ['low server_version']],
    ['a year behind', 150014, '2026-11-21', ['medium server_version']],
    ['a number that was never released is none', 180004, '2026-11-21', ['low server_version']],
    ['support ends soon', 140024, '2026-06-01', ['info server_version_num']],
    ['its last day', 140024, '2026-11-12', ['info server_version_num']],
    ['out of support', 140024, '2026-11-13', ['medium server_version_num']],
    ['long out of support', 120022, '2026-11-21', ['medium server_version_num']],
    ['unknown major', 190001, '2026-11-21', ['cannot judge']],
  ])('%s', (_, versionNum, date, expected) => expect(outcome(check(versionNum, date))).toEqual(expected))

  it('says that its list is old, by the server clock', () => {
    expect(check(180006, '2027-11-20')).not.toHaveProperty('warning')
    expect(check(180006, '2027-11-22')).toMatchObject({
      summary: expect.stringMatching(/that list is 36\d d/),
      warning: expect.stringContaining('2026-11-21'),
    })
  })
  it('18.5 was never released: 18.6 is one ahead of 18.4', () => {
    expect(only(check(180004, '2026-11-21')).evidence).toContainEqual(
      expect.objectContaining({label: 'newer minor releases', value: 1}),
    )
  })
})
