import dgram from 'node:dgram'
import {once} from 'node:events'
import {chmodSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import net from 'node:net'
import {networkInterfaces, tmpdir} from 'node:os'
import {join} from 'node:path'
import pg from 'pg'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {hasPgbouncer, startPgbouncer} from '../../fixtures/pgbouncer.js'
import {answersAt} from '../../src/derive/pooler-addresses.js'
import {type EmbeddedServer, startServer} from '../../src/embedded/server.js'
import nameResolution from '../../src/rules/pooler/name-resolution.js'
import type {Pooler} from '../../src/snapshot.js'
import {takeSnapshot} from '../snapshot.js'
import {config, entry, pool, pooler, sample} from './poolers.js'
import {findingsOf, judge, ok, only, outcome, setting} from './sections.js'

const BOTH = ['::1', '127.0.0.1']
const SELF = 'localhost:6432'
const ENTRY = `database "ahsp" at ${SELF}`

type Given = {
  listen?: string
  addresses?: string[]
  host?: string
  dns?: string[]
  values?: Record<string, string | number>
  /** listen_addresses of the server */
  server?: string
  part?: Partial<Pooler>
}

function check({listen = '127.0.0.1', addresses = [], host = '127.0.0.1', dns, values, server, part}: Given) {
  const poolers = [
    pooler({
      target: {host: 'localhost', port: 6432, user: 'stats'},
      addresses,
      databases: [entry({host})],
      config: config({listen_addr: listen, server_round_robin: 0, dns_max_ttl: 15, ...values}),
      dns: dns ? [{hostname: host, addresses: dns}] : null,
      ...part,
    }),
  ]
  return judge(nameResolution, {
    poolers,
    ...(server && {settings: ok([setting('listen_addresses', server), setting('port', 5432)])}),
  })
}

describe('pooler/name-resolution', () => {
  const FIRST = [`medium ${SELF}`]
  const LATER = [`low ${SELF}`]
  const backend = (address: string) => ({
    database: 'ahsp',
    user: 'app',
    state: 'idle',
    address,
    port: 1,
    remotePid: 1,
    tls: '',
  })
  it.each<[string, Given, string[]]>([
    ['the name is IPv6 first, the pooler IPv4', {addresses: BOTH}, FIRST],
    ['the other one is only a second choice', {addresses: [...BOTH].reverse()}, LATER],
    ['the pooler is IPv6 only', {addresses: [...BOTH].reverse(), listen: '::1'}, FIRST],
    ['every address of one family', {addresses: BOTH, listen: '0.0.0.0'}, FIRST],
    ['every address', {addresses: BOTH, listen: '*'}, []],
    ['both', {addresses: BOTH, listen: '127.0.0.1, ::1'}, []],
    ['by the same name', {addresses: BOTH, listen: 'localhost'}, []],
    ['one address', {addresses: ['127.0.0.1']}, []],
    ['an address was given', {}, []],
    ['a balancer in between', {addresses: ['203.0.113.1', '203.0.113.2'], listen: '10.0.0.5'}, []],
    ['a list of servers', {host: '10.0.0.1,10.0.0.2'}, [`low ${ENTRY}`]],
    ['a list, in turns', {host: '10.0.0.1,10.0.0.2', values: {server_round_robin: 1}}, []],
    ['a list of one', {host: '10.0.0.1,10.0.0.1'}, []],
    ['a name of several servers', {host: 'db.internal', dns: ['10.0.0.1', '10.0.0.2']}, [`low ${ENTRY}`]],
    ['a name of one', {host: 'db.internal', dns: ['10.0.0.1']}, []],
    ['a name in both families', {host: 'localhost', dns: BOTH}, [`low ${ENTRY}`]],
    ['the server listens on one', {host: 'localhost', dns: BOTH, server: '127.0.0.1'}, [`medium ${ENTRY}`]],
    ['the server listens on both', {host: 'localhost', dns: BOTH, server: '*'}, []],
    ['both are in use', {host: 'localhost', dns: BOTH, part: {servers: BOTH.map(backend)}}, []],
    ['the name is the wrong kind', {host: 'db', dns: ['::1'], server: '127.0.0.1'}, [`high ${ENTRY}`]],
    [
      'but connections are there',
      {host: 'db', dns: ['::1'], server: '127.0.0.1', part: {servers: [backend('::1')]}},
      [],
    ],
    ['another server', {host: 'db', dns: ['2001:db8::1'], server: '10.0.0.1'}, []],
    [
      'unless clients wait for it',
      {
        host: 'db',
        dns: ['2001:db8::1'],
        server: '10.0.0.1',
        part: {samples: [sample({pools: [pool({clientsWaiting: 2})]})]},
      },
      [`high ${ENTRY}`],
    ],
    ['a late change', {host: 'db.internal', values: {dns_max_ttl: 3600}}, [`low dns_max_ttl at ${SELF}`]],
    ['no name to change', {values: {dns_max_ttl: 3600}}, []],
  ])('%s', (_, given, expected) => {
    expect(outcome(check(given))).toEqual(expected)
  })

  it('pins the address that is answered, in the application', () => {
    const {fixes} = only(check({addresses: BOTH}))
    expect(fixes).toMatchObject([
      {kind: 'app', by: {django: {lines: ['PGBOUNCER_HOST=127.0.0.1', 'PGBOUNCER_PORT=6432']}}},
      {kind: 'pooler', name: 'listen_addr', to: '127.0.0.1, ::1'},
    ])
    const six = only(check({addresses: [...BOTH].reverse(), listen: '::1'})).fixes
    expect(six).toMatchObject([{by: {plain: {lines: ['postgresql://...@[::1]:6432/...']}}}, {}])
  })
})

const hasIpv6 = Object.values(networkInterfaces()).some(each => each?.some(({address}) => address === '::1'))

describe.skipIf(!hasPgbouncer || !hasIpv6)('addresses of a real PgBouncer', () => {
  let server: EmbeddedServer
  beforeAll(async () => {
    server = await startServer({settings: {}})
  })
  afterAll(async () => server.stop())

  it.each(['127.0.0.1', '0.0.0.0', '*', '127.0.0.1, ::1'])(
    'listening on %s answers where the rule says',
    async listen => {
      const real = await startPgbouncer({server, settings: {listen_addr: listen}})
      try {
        const words = listen.split(', ')
        for (const address of BOTH)
          expect([address, await accepts(address, real.port)]).toEqual([address, answersAt(words, address)])
      } finally {
        await real.stop()
      }
    },
  )

  it('takes a name with both kinds of addresses for IPv6, where nobody listens', async context => {
    const names = await startNames()
    if (!names) return context.skip('may not open port 53')
    const databases = {postgres: `host=db.example.test port=${server.port} dbname=postgres`}
    const settings = {resolv_conf: names.file, server_login_retry: '1', query_wait_timeout: '3', dns_max_ttl: '100'}
    const real = await startPgbouncer({server, databases, settings})
    try {
      const client = new pg.Client(real.url('postgres', 'postgres'))
      client.on('error', () => {})
      const failed = await client.connect().catch(error => error)
      await client.end().catch(() => {})
      const {sections} = await takeSnapshot(server.url(), 0, [real.console()])
      if (!sections.poolers.ok || !sections.settings.ok) throw new Error('nothing was read')
      const [read] = sections.poolers.data
      const findings = findingsOf(judge(nameResolution, {poolers: [read], settings: sections.settings}))
      // c-ares 1.18 has the one, later ones both.
      const [first, second] = findings.map(({severity, title}) => `${severity} ${title}`)
      if (first?.startsWith('high')) expect(failed).toBeInstanceOf(Error)
      expect(first).toMatch(
        /^(high PgBouncer takes db\.example\.test for ::1, the server listens on 127\.0\.0\.1|medium .* only)$/,
      )
      expect(second).toMatch(/^low A change of db\.example\.test in DNS is seen after 1 min 40 s$/)
      expect(findings[0]!.fixes).toMatchObject([{kind: 'pooler', database: 'postgres', name: 'host', to: '127.0.0.1'}])
    } finally {
      await real.stop()
      names.stop()
    }
  })
})

const accepts = (host: string, port: number) =>
  new Promise<boolean>(resolve => {
    const socket = net.connect({host, port})
    const answer = (is: boolean) => () => {
      socket.destroy()
      resolve(is)
    }
    socket.once('connect', answer(true)).once('error', answer(false))
  })

/** resolv.conf has no ports: this one takes a privilege. */
const NAME_SERVER = '127.0.0.61'

/** A name server that knows one answer for each family, and a resolv.conf that leads to it; null: not allowed. */
async function startNames() {
  const socket = dgram.createSocket('udp4')
  socket.on('message', (query, peer) => socket.send(answerTo(query), peer.port, peer.address))
  socket.bind(53, NAME_SERVER)
  const isBound = await once(socket, 'listening').then(
    () => true,
    () => false,
  )
  if (!isBound) return null
  const folder = mkdtempSync(join(tmpdir(), 'ahsp-db-names-'))
  const file = join(folder, 'resolv.conf')
  writeFileSync(file, `nameserver ${NAME_SERVER}\n`)
  chmodSync(folder, 0o755)
  const stop = () => {
    socket.close()
    rmSync(folder, {recursive: true})
  }
  return {file, stop}
}

/** RFC 1035: the question again, and one record of the type that it asks for (1: A, 28: AAAA). */
function answerTo(query: Buffer): Buffer {
  const end = query.indexOf(0, 12) + 5
  const type = query.readUInt16BE(end - 4)
  const data = type === 1 ? Buffer.from([127, 0, 0, 1]) : type === 28 ? Buffer.from([...Array(15).fill(0), 1]) : null
  const header = Buffer.from(query.subarray(0, 12))
  header.writeUInt16BE(0x8180, 2)
  header.writeUInt16BE(data ? 1 : 0, 6)
  header.writeUInt32BE(0, 8)
  const question = query.subarray(12, end)
  if (!data) return Buffer.concat([header, question])
  const record = Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 60, 0, data.length])
  return Buffer.concat([header, question, record, data])
}
