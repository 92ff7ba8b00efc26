import fs from 'node:fs'
import path from 'node:path'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {resolveConninfo} from '../../src/connect/conninfo.js'
import {type ConnectError, connect} from '../../src/connect/postgres.js'
import {type EmbeddedServer, startServer} from '../../src/embedded/server.js'
import {type Certificates, hasOpenssl, makeCertificates} from './certificates.js'

const HBA = [
  'hostssl all only_tls 127.0.0.1/32 trust',
  'hostnossl all only_plain 127.0.0.1/32 trust',
  'hostssl all cert 127.0.0.1/32 cert',
  'hostssl all bound 127.0.0.1/32 scram-sha-256',
  'host all postgres 127.0.0.1/32 trust',
]

describe.skipIf(!hasOpenssl())('TLS (needs the openssl program)', () => {
  let server: EmbeddedServer
  let certificates: Certificates
  let empty: string

  beforeAll(async () => {
    certificates = makeCertificates()
    empty = path.join(certificates.folder, 'home')
    fs.mkdirSync(empty)
    server = await startServer({hba: HBA})
    await switchTlsOn(server, certificates)
    const admin = await connect(await resolveConninfo(server.url(), {HOME: empty}))
    const roles = `CREATE ROLE only_tls LOGIN; CREATE ROLE only_plain LOGIN; CREATE ROLE cert LOGIN;
      CREATE ROLE bound LOGIN PASSWORD 'right'`
    await admin.run(roles, {deadlineMs: 10_000})
    await admin.close()
  })
  afterAll(async () => {
    await server?.stop()
    certificates?.remove()
  })

  const at = (user: string, options: string, home = empty) =>
    resolveConninfo(`host=db.test hostaddr=127.0.0.1 port=${server.port} dbname=postgres user=${user} ${options}`, {
      HOME: home,
    })

  /** True, false: a session with or without TLS; else the kind of the failure. */
  async function outcome(user: string, options: string, home = empty): Promise<boolean | string> {
    try {
      const connection = await connect(await at(user, options, home))
      const sql = 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()'
      const [rows] = await connection.run(sql, {deadlineMs: 5000})
      await connection.close()
      return rows![0]!.ssl as boolean
    } catch (error) {
      expect(error).toMatchObject({exit: 3})
      return (error as ConnectError).kind
    }
  }

  const ca = () => `sslrootcert=${certificates.file('ca.crt')}`
  const otherCa = () => `sslrootcert=${certificates.file('other-ca.crt')}`

  test.each([
    ['disable', 'postgres', false],
    ['disable', 'only_plain', false],
    ['disable', 'only_tls', 'hba'],
    ['allow', 'postgres', false],
    ['allow', 'only_tls', true],
    ['prefer', 'postgres', true],
    ['prefer', 'only_tls', true],
    ['prefer', 'only_plain', false],
    ['require', 'postgres', true],
    ['require', 'only_plain', 'hba'],
    ['verify-ca', 'postgres', 'tls'],
    ['verify-full', 'postgres', 'tls'],
  ])('sslmode=%s as %s: %s', async (sslmode, user, expected) => {
    expect(await outcome(user, `sslmode=${sslmode}`)).toBe(expected)
  })

  test('a root certificate is always verified against, and only verify-full looks at the name', async () => {
    for (const sslmode of ['require', 'verify-ca', 'verify-full']) {
      expect(await outcome('postgres', `sslmode=${sslmode} ${ca()}`), sslmode).toBe(true)
      expect(await outcome('postgres', `sslmode=${sslmode} ${otherCa()}`), sslmode).toBe('tls')
    }
    const byAddress = `host=127.0.0.1 ${ca()}`
    expect(await outcome('postgres', `${byAddress} sslmode=verify-ca`)).toBe(true)
    expect(await outcome('postgres', `${byAddress} sslmode=verify-full`)).toBe('tls')
    expect(await outcome('postgres', 'sslrootcert=system')).toBe('tls')
  })

  test('the reason is in the message', async () => {
    const options = `sslmode=verify-full ${ca()} host=127.0.0.1`
    await expect(connect(await at('postgres', options))).rejects.toMatchObject({
      message: expect.stringMatching(/sslmode=verify-full.*127\.0\.0\.1/),
      hint: 'use a name that the certificate carries',
    })
    await expect(connect(await at('postgres', `sslmode=require ${otherCa()}`))).rejects.toMatchObject({
      hint: expect.stringContaining('sslrootcert=FILE'),
    })
  })

  test('~/.postgresql/root.crt is used', async () => {
    const home = fs.mkdtempSync(path.join(certificates.folder, 'home-'))
    fs.mkdirSync(path.join(home, '.postgresql'))
    fs.copyFileSync(certificates.file('other-ca.crt'), path.join(home, '.postgresql/root.crt'))
    expect(await outcome('postgres', 'sslmode=require', home)).toBe('tls')
    // prefer goes on without TLS, as libpq does, and says so.
    const connection = await connect(await at('postgres', 'sslmode=prefer', home))
    expect(connection.warnings).toEqual([expect.stringContaining('not encrypted')])
    await connection.close()
  })

  test('client certificates', async () => {
    const cert = `sslmode=require sslcert=${certificates.file('client.crt')}`
    const key = certificates.file('client.key')
    expect(await outcome('cert', `${cert} sslkey=${key}`)).toBe(true)
    expect(await outcome('cert', 'sslmode=require')).toBe('hba')
    expect(await outcome('cert', `${cert}`)).toBe('tls')
    expect(await outcome('cert', `${cert} sslkey=${certificates.file('absent')}`)).toBe('tls')
    expect(await outcome('cert', `${cert} sslkey=${certificates.file('locked.key')} sslpassword=hunter2`)).toBe(true)
    expect(await outcome('cert', `${cert} sslkey=${certificates.file('locked.key')} sslpassword=wrong`)).toBe('tls')
    expect(await outcome('cert', `${cert} sslkey=${certificates.file('locked.key')}`)).toBe('tls')
  })

  test.skipIf(process.platform === 'win32')('a private key that others may read is refused', async () => {
    const key = certificates.file('open.key')
    fs.copyFileSync(certificates.file('client.key'), key)
    fs.chmodSync(key, 0o644)
    const options = `sslmode=require sslcert=${certificates.file('client.crt')} sslkey=${key}`
    await expect(connect(await at('cert', options))).rejects.toMatchObject({kind: 'tls', hint: `chmod 600 ${key}`})
  })

  test('channel binding', async () => {
    for (const channel of ['require', 'prefer', 'disable']) {
      const options = `sslmode=require password=right channel_binding=${channel}`
      expect(await outcome('bound', options), channel).toBe(true)
    }
    expect(await outcome('bound', 'sslmode=require password=wrong channel_binding=require')).toBe('auth')
    expect(await outcome('only_tls', 'sslmode=require channel_binding=require')).toBe('auth')
  })

  test('direct negotiation', async () => {
    const version = server.major
    expect(await outcome('postgres', 'sslmode=require sslnegotiation=direct')).toBe(version >= 17 ? true : 'tls')
  })

  test('a cancel request goes over TLS too', async () => {
    const connection = await connect(await at('postgres', 'sslmode=require'))
    await expect(connection.run('SELECT pg_sleep(60)', {deadlineMs: 200})).rejects.toMatchObject({sqlstate: '57014'})
    expect(connection.isOpen).toBe(true)
    await connection.close()
  })
})

async function switchTlsOn(server: EmbeddedServer, {file}: Certificates) {
  const {uid, gid} = fs.statSync(server.dataDir)
  for (const name of ['server.crt', 'server.key', 'ca.crt']) {
    const copy = path.join(server.dataDir, name)
    fs.copyFileSync(file(name), copy)
    fs.chmodSync(copy, 0o600)
    if (process.getuid?.() === 0) fs.chownSync(copy, uid, gid)
  }
  fs.appendFileSync(path.join(server.dataDir, 'postgresql.conf'), "\nssl = on\nssl_ca_file = 'ca.crt'\n")
  await server.restart()
}
