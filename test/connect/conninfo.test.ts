import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import {inspect} from 'node:util'
import {afterAll, beforeEach, describe, expect, test} from 'vitest'
import {resolveConninfo} from '../../src/connect/conninfo.js'
import {KEYWORDS} from '../../src/connect/keywords.js'
import type {CliError} from '../../src/errors.js'

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'conninfo-'))
let home = root
beforeEach(() => {
  home = fs.mkdtempSync(path.join(root, 'home-'))
})
afterAll(() => fs.rmSync(root, {recursive: true}))

const resolve = (input?: string, env: NodeJS.ProcessEnv = {}) => resolveConninfo(input, {HOME: home, ...env})
const refusal = (input?: string, env: NodeJS.ProcessEnv = {}): Promise<CliError> =>
  resolve(input, env).then(
    () => expect.unreachable('was accepted'),
    error => error,
  )
const write = (name: string, text: string, mode = 0o600) => {
  const file = path.join(home, name)
  fs.mkdirSync(path.dirname(file), {recursive: true})
  fs.writeFileSync(file, text, {mode})
  return file
}

describe('precedence', () => {
  test('the argument, then DATABASE_URL, then the environment, then the defaults', async () => {
    const env = {DATABASE_URL: 'postgres://urluser@urlhost/urldb', PGHOST: 'envhost', PGPORT: '6000', PGUSER: 'envuser'}
    expect(await resolve('host=arg', env)).toMatchObject({
      hosts: [{host: 'arg', port: 6000}],
      user: 'envuser',
      database: 'envuser',
    })
    expect(await resolve(undefined, env)).toMatchObject({
      hosts: [{host: 'urlhost', port: 6000}],
      user: 'urluser',
      database: 'urldb',
    })
    const {DATABASE_URL: _, ...rest} = env
    expect(await resolve(undefined, rest)).toMatchObject({hosts: [{host: 'envhost', port: 6000}], user: 'envuser'})
    expect(await resolve()).toMatchObject({
      hosts: [{port: 5432}],
      user: os.userInfo().username,
      database: os.userInfo().username,
    })
  })

  test('a service stands between the argument and the environment', async () => {
    write(
      '.pg_service.conf',
      '[other]\nhost=no\n# comment\n[prod]\nhost=svc\nport=7000\nuser = x\n[last]\nport=1\n'.replace(
        'user = x',
        'user=svcuser',
      ),
    )
    const env = {PGHOST: 'envhost', PGUSER: 'envuser', PGDATABASE: 'envdb', PGSERVICE: 'prod'}
    expect(await resolve('port=8000', env)).toMatchObject({
      hosts: [{host: 'svc', port: 8000}],
      user: 'svcuser',
      database: 'envdb',
    })
    expect(await resolve('service=last')).toMatchObject({hosts: [{port: 1}]})
  })

  test('a bare word is a database', async () => {
    expect(await resolve('shop')).toMatchObject({database: 'shop'})
  })

  test('a default host: a socket directory, or localhost on Windows', async () => {
    const {hosts} = await resolve('port=1')
    expect(hosts[0]!.host).toBe(process.platform === 'win32' ? 'localhost' : '/var/run/postgresql')
  })

  test('everything that the environment can say', async () => {
    const env = {
      PGHOST: 'h',
      PGHOSTADDR: '10.0.0.1',
      PGPORT: '1',
      PGUSER: 'u',
      PGDATABASE: 'd',
      PGPASSWORD: 'p',
      PGAPPNAME: 'app',
      PGCONNECT_TIMEOUT: '7',
      PGSSLMODE: 'verify-ca',
      PGSSLROOTCERT: '/root.crt',
      PGSSLCERT: '/c',
      PGSSLKEY: '/k',
      PGSSLCRL: '/crl',
      PGSSLSNI: '0',
      PGSSLMINPROTOCOLVERSION: 'TLSv1.3',
      PGSSLNEGOTIATION: 'direct',
      PGCHANNELBINDING: 'require',
      PGREQUIREAUTH: 'scram-sha-256',
      PGTARGETSESSIONATTRS: 'standby',
      PGGSSENCMODE: 'disable',
      PGCLIENTENCODING: 'UTF8',
    }
    expect(await resolve(undefined, env)).toMatchObject({
      hosts: [{host: 'h', hostaddr: '10.0.0.1', port: 1, passwordSource: 'PGPASSWORD'}],
      user: 'u',
      database: 'd',
      applicationName: 'app',
      connectTimeoutMs: 7000,
      sslmode: 'verify-ca',
      sslrootcert: '/root.crt',
      sslcert: '/c',
      sslkey: '/k',
      sslcrl: '/crl',
      sslsni: false,
      sslMinVersion: 'TLSv1.3',
      sslnegotiation: 'direct',
      channelBinding: 'require',
      requireAuth: 'scram-sha-256',
      targetSessionAttrs: 'standby',
      warnings: [],
    })
  })
})

describe('hosts', () => {
  test.each([
    [
      'host=a,b port=1,2',
      [
        {host: 'a', port: 1},
        {host: 'b', port: 2},
      ],
    ],
    [
      'host=a,b port=9',
      [
        {host: 'a', port: 9},
        {host: 'b', port: 9},
      ],
    ],
    [
      'host=a,b port=,2',
      [
        {host: 'a', port: 5432},
        {host: 'b', port: 2},
      ],
    ],
    ['host=a,/sock,::1', [{host: 'a'}, {host: '/sock'}, {host: '::1'}]],
    ['hostaddr=10.0.0.1', [{host: '10.0.0.1', hostaddr: '10.0.0.1'}]],
    [
      'host=a,b hostaddr=10.0.0.1,::1',
      [
        {host: 'a', hostaddr: '10.0.0.1'},
        {host: 'b', hostaddr: '::1'},
      ],
    ],
    [
      'postgres://a,b:2/d',
      [
        {host: 'a', port: 5432},
        {host: 'b', port: 2},
      ],
    ],
  ])('%s', async (text, hosts) => {
    const settings = await resolve(text)
    expect(settings.hosts).toHaveLength(hosts.length)
    expect(settings.hosts).toMatchObject(hosts)
  })

  test.each([
    ['host=a,b,c port=1,2', /2 ports do not fit 3 hosts/],
    ['host=a,b hostaddr=10.0.0.1', /2 hosts do not fit 1 hostaddr/],
    ['hostaddr=example.com', /numeric IP/],
    ['port=0', /between 1 and 65535/],
    ['port=65536', /between 1 and 65535/],
    ['port=1e3', /between 1 and 65535/],
  ])('%s is refused', async (text, message) => {
    expect(await refusal(text)).toMatchObject({exit: 2, message: expect.stringMatching(message)})
  })

  test('load_balance_hosts=random keeps every host', async () => {
    const {hosts} = await resolve('host=a,b,c load_balance_hosts=random')
    expect(hosts.map(({host}) => host).sort()).toEqual(['a', 'b', 'c'])
  })
})

describe('passwords', () => {
  test('are shown by nothing', async () => {
    const settings = await resolve('postgres://u:hunter2@h?sslpassword=hunter3')
    expect(settings.hosts[0]!.password!.reveal()).toBe('hunter2')
    const password = settings.hosts[0]!.password
    for (const shown of [JSON.stringify(settings), inspect(settings, {depth: 9, showHidden: true}), `${password}`]) {
      expect(shown).not.toMatch(/hunter/)
    }
  })

  test('the source is told', async () => {
    expect(await resolve('postgres://u:p@h')).toMatchObject({passwordSource: 'the connection string'})
    expect(await resolve(undefined, {DATABASE_URL: 'postgres://u:p@h'})).toMatchObject({passwordSource: 'DATABASE_URL'})
    expect(await resolve(undefined, {PGPASSWORD: 'p'})).toMatchObject({passwordSource: 'PGPASSWORD'})
    expect(await resolve()).toMatchObject({passwordSource: 'none'})
    write('.pg_service.conf', '[s]\npassword=p\n')
    expect(await resolve('service=s')).toMatchObject({passwordSource: 'service "s" in ~/.pg_service.conf'})
  })

  const PGPASS = [
    '# comment',
    'h:5432:db:u:exact',
    'h\\:1:*:*:*:colon host',
    '*:*:*:lit\\*:star role',
    'localhost:*:*:*:p\\:w\\\\d',
    'short:line',
    'b:*:*:*:second host',
    '*:*:db:*:fallback',
  ].join('\r\n')

  test.each([
    ['host=h dbname=db user=u', 'exact', 2],
    ['host=h dbname=db user=u port=1', 'fallback', 8],
    ['host=h:1 dbname=x user=y', 'colon host', 3],
    ['host=q dbname=x user=lit*', 'star role', 4],
    ['host=localhost dbname=x user=u', 'p:w\\d', 5],
    ['host=/tmp dbname=x user=u', 'p:w\\d', 5],
    ['host=/elsewhere dbname=x user=u', undefined, undefined],
  ])('~/.pgpass for %s', async (text, password, line) => {
    write('.pgpass', PGPASS)
    const {hosts} = await resolve(text)
    expect(hosts[0]!.password?.reveal()).toBe(password)
    expect(hosts[0]!.passwordSource).toBe(line ? `~/.pgpass line ${line}` : 'none')
  })

  test('each host has its own', async () => {
    write('.pgpass', PGPASS)
    const {hosts} = await resolve('host=h,b dbname=db user=u')
    expect(hosts.map(host => host.password!.reveal())).toEqual(['exact', 'second host'])
  })

  test.skipIf(process.platform === 'win32')('a file that others can read is ignored with a warning', async () => {
    write('.pgpass', '*:*:*:*:p', 0o644)
    expect(await resolve('host=h')).toMatchObject({
      passwordSource: 'none',
      warnings: [expect.stringMatching(/~\/\.pgpass was ignored because others may read it: chmod 600/)],
    })
  })

  test('PGPASSFILE, and a file that is not there', async () => {
    const file = write('elsewhere', '*:*:*:*:p')
    expect(await resolve('host=h', {PGPASSFILE: file})).toMatchObject({passwordSource: '~/elsewhere line 1'})
    expect(await resolve('host=h', {PGPASSFILE: `${file}2`})).toMatchObject({
      passwordSource: 'none',
      warnings: [expect.stringMatching(/elsewhere2 cannot be read \(ENOENT\)/)],
    })
  })
})

describe('services', () => {
  test.each([
    ['[x]\nhost=a\n', /service "s" is not defined/],
    ['[s]\nhots=a\n', /\.pg_service\.conf:2: the parameter hots in the service file is unknown/],
    ['[s]\nservice=x\n', /:2: a service cannot name another/],
    ['[s]\n\nhunter2\n', /:3: the line has no keyword=value/],
    ['[s]\nldap://h\n', /LDAP/],
  ])('%j is refused', async (text, message) => {
    write('.pg_service.conf', text)
    const error = await refusal('service=s', {PGSYSCONFDIR: root})
    expect(error).toMatchObject({exit: 2, message: expect.stringMatching(message)})
    expect(error.line).not.toMatch(/hunter2/)
  })

  test('PGSERVICEFILE and PGSYSCONFDIR', async () => {
    const PGSERVICEFILE = write('mine.conf', '[s]\nhost=mine\n')
    write('etc/pg_service.conf', '[s]\nhost=system\n[t]\nhost=system\n')
    const env = {PGSERVICEFILE, PGSYSCONFDIR: path.join(home, 'etc')}
    expect(await resolve('service=s', env)).toMatchObject({hosts: [{host: 'mine'}]})
    expect(await resolve('service=t', env)).toMatchObject({hosts: [{host: 'system'}]})
  })
})

describe('TLS settings', () => {
  test.each([
    ['host=h', {sslmode: 'prefer', sslrootcert: undefined, sslcert: undefined}],
    ['sslrootcert=system', {sslmode: 'verify-full', sslrootcert: 'system'}],
    ['sslmode=require sslnegotiation=direct', {sslmode: 'require', sslnegotiation: 'direct'}],
    ['postgres://h?ssl=true', {sslmode: 'require'}],
  ])('%s', async (text, expected) => {
    expect(await resolve(text)).toMatchObject(expected)
  })

  test('files in ~/.postgresql are used, PGREQUIRESSL is understood', async () => {
    const [sslrootcert, sslcert, sslkey, sslcrl] = ['root.crt', 'postgresql.crt', 'postgresql.key', 'root.crl'].map(
      name => write(`.postgresql/${name}`, ''),
    )
    expect(await resolve('host=h')).toMatchObject({sslrootcert, sslcert, sslkey, sslcrl})
    expect(await resolve('sslcertmode=disable', {PGREQUIRESSL: '1'})).toMatchObject({
      sslmode: 'require',
      sslcert: undefined,
    })
  })
})

describe('what is not supported is refused by name', () => {
  test.each([
    'options=-csearch_path=x',
    'replication=database',
    'requirepeer=postgres',
    'gssencmode=require',
    'sslcrldir=/x',
    'sslcompression=1',
    'sslcertmode=require',
    'sslkeylogfile=/x',
    'client_encoding=LATIN1',
    'min_protocol_version=3.2',
    'scram_client_key=x',
    'oauth_issuer=x',
    'require_auth=magic',
    'require_auth=md5,!none',
  ])('%s', async text => {
    const name = text.split('=')[0]!
    expect(await refusal(text)).toMatchObject({
      exit: 2,
      message: expect.stringContaining(`${name} (from`),
      hint: `remove ${name}`,
    })
  })

  test.each([
    ['sslmode=requier', /must be one of/, /did you mean require\?/],
    ['sslmode=no-verify', /must be one of/, /sslmode=require/],
    ['target_session_attrs=master', /must be one of any/, /use one of/],
    ['sslmode=require sslrootcert=system', /too weak/, /verify-full/],
    ['sslnegotiation=direct', /too weak/, /require/],
    ['connect_timeout=soon', /whole number/, /connect_timeout=10/],
    ['hsot=x', /parameter hsot .* unknown/, /did you mean host\?/],
    ['postgres://h/d?schema=public', /parameter schema .* unknown/, /Prisma/],
    ['host=h\0', /NUL/, /remove/],
    ['postgres://h/d?user=a%00', /percent-encoding/, /%25/],
    ['', /is empty/, /PG\*/],
    ['password=a b-2=hunter2', /a parameter in the connection string is unknown/, /single quotes/],
  ])('%j', async (text, message, hint) => {
    const error = await refusal(text)
    expect(error).toMatchObject({exit: 2, message: expect.stringMatching(message), hint: expect.stringMatching(hint)})
    expect(error.line).not.toMatch(/hunter2|b-2/)
  })

  test('environment variables are named too', async () => {
    expect(await refusal('host=h', {PGOPTIONS: '-c geqo=off'})).toMatchObject({
      message: expect.stringContaining('PGOPTIONS'),
    })
    const {warnings} = await resolve('host=h', {PGTZ: 'UTC', PGKRBSRVNAME: 'x'})
    expect(warnings).toEqual([expect.stringContaining('PGTZ'), expect.stringContaining('krbsrvname')])
  })

  test.each([
    'gssencmode=prefer channel_binding=prefer replication=false client_encoding=auto options=',
    'sslcompression=0 sslcertmode=allow max_protocol_version=latest min_protocol_version=3.0 keepalives=0',
  ])('harmless values pass: %s', async text => {
    expect((await resolve(text)).warnings).toEqual([])
  })

  test('every keyword of libpq is known', () => {
    // libpq of PostgreSQL 15 as `PQconndefaults` lists it, and what 16 to 18 added.
    const names = `service user password passfile channel_binding connect_timeout dbname host hostaddr port client_encoding options
       application_name fallback_application_name keepalives keepalives_idle keepalives_interval keepalives_count
       tcp_user_timeout sslmode sslcompression sslcert sslkey sslpassword sslrootcert sslcrl sslcrldir sslsni requirepeer
       ssl_min_protocol_version ssl_max_protocol_version gssencmode krbsrvname gsslib replication target_session_attrs
       sslcertmode require_auth load_balance_hosts gssdelegation sslnegotiation min_protocol_version max_protocol_version
       scram_client_key scram_server_key oauth_issuer oauth_client_id oauth_client_secret oauth_scope sslkeylogfile`
    expect(Object.keys(KEYWORDS).sort()).toEqual(names.split(/\s+/).sort())
  })
})

test('timeouts and names', async () => {
  expect(await resolve('host=h')).toMatchObject({
    connectTimeoutMs: 4500,
    applicationName: 'ahsp-db',
    targetSessionAttrs: 'any',
  })
  expect(await resolve('connect_timeout=0')).toMatchObject({connectTimeoutMs: 4500})
  expect(await resolve('connect_timeout=3 fallback_application_name=f')).toMatchObject({
    connectTimeoutMs: 3000,
    applicationName: 'f',
  })
})
