import {describe, expect, it} from 'vitest'
import {pgbouncerVersions, type Shown, shownBy} from '../../fixtures/pgbouncer-versions.js'
import {finished} from '../../src/collect/assemble.js'
import {sectionNames} from '../../src/collect/index.js'
import {
  type Row,
  toClients,
  toConfig,
  toDatabases,
  toDns,
  toLists,
  toMemory,
  toPeers,
  toPools,
  toServers,
  toState,
  toStats,
  toUsers,
  toVersion,
} from '../../src/collect/pgbouncer/rows.js'
import type {Snapshot} from '../../src/snapshot.js'
import {config, pooler} from '../rules/poolers.js'

const dataOf = (shown: Shown) => ({
  version: toVersion(String(shown.VERSION![0]!.version)),
  config: toConfig(shown.CONFIG!),
  databases: toDatabases(shown.DATABASES!),
  pools: toPools(shown.POOLS!),
  stats: toStats(shown.STATS!),
  lists: toLists(shown.LISTS!),
  clients: toClients(shown.CLIENTS!),
  servers: toServers(shown.SERVERS!),
  users: toUsers(shown.USERS!),
  memoryBytes: toMemory(shown.MEM!),
  dns: toDns(shown.DNS_HOSTS!),
  state: shown.STATE ? toState(shown.STATE) : null,
  peers: shown.PEERS ? toPeers(shown.PEERS) : null,
})

/** The made-up state that all files but the recorded one show. */
const expected = (minor: number) => {
  const since = <T>(first: number, value: T) => (minor >= first ? value : null)
  const idle = minor >= 25 ? [client({state: 'active', preparedStatements: 3}), client({state: 'idle'})] : null
  const both = {connections: 2, preparedStatements: since(21, 7)}
  return {
    databases: [
      {
        name: 'reports',
        host: minor >= 17 ? '10.0.0.7,10.0.0.8' : '10.0.0.7',
        port: 5432,
        database: 'reports',
        forceUser: 'reporter',
        poolSize: 20,
        minPoolSize: since(16, 2),
        reservePoolSize: 0,
        poolMode: 'session',
        maxConnections: 0,
        currentConnections: 1,
        isPaused: true,
        isDisabled: false,
      },
      {
        name: 'shop',
        host: 'db.example',
        port: 5432,
        database: 'shop_production',
        forceUser: null,
        poolSize: 40,
        minPoolSize: since(16, 2),
        reservePoolSize: 5,
        poolMode: null,
        maxConnections: 90,
        currentConnections: 3,
        isPaused: false,
        isDisabled: false,
      },
    ],
    pools: [
      pool({database: 'reports', user: 'reporter', poolMode: 'session', clientsActive: 1, serversActive: 1}),
      pool({clientsActive: 2, clientsWaiting: 1, serversActive: 1, serversIdle: 1, serversUsed: 1, maxWait: 1.25}),
    ],
    stats: [
      {
        database: 'reports',
        transactions: 9,
        queries: 40,
        transactionTimeUs: 91_000_000,
        queryTimeUs: 90_000_000,
        waitTimeUs: 1500,
        serverAssignments: since(23, 3),
        clientParses: since(24, 0),
        binds: since(24, 0),
      },
      {
        database: 'shop',
        transactions: 81_230,
        queries: 402_118,
        transactionTimeUs: 1_624_600_000,
        queryTimeUs: 812_300_000,
        waitTimeUs: 40_615_000,
        serverAssignments: since(23, 81_234),
        clientParses: since(24, 120),
        binds: since(24, 90_412),
      },
    ],
    clients: [
      ...(idle ? [] : [client({state: 'active', ...both})]),
      client({
        database: 'reports',
        user: 'reporter',
        application: 'nightly',
        address: '10.0.0.21',
        tls: '',
        preparedStatements: 0,
      }),
      ...(idle ?? []),
      client({state: 'waiting', tls: '', preparedStatements: 0}),
    ].map(group => ({
      ...group,
      application: since(18, group.application),
      preparedStatements: since(21, group.preparedStatements),
    })),
    users: [
      {name: 'app', poolMode: 'transaction', poolSize: since(23, 30), maxConnections: since(23, 60)},
      {name: 'monitor', poolMode: null, poolSize: null, maxConnections: since(23, 0)},
      {name: 'reporter', poolMode: null, poolSize: null, maxConnections: since(23, 0)},
    ],
    servers: [
      {
        database: 'reports',
        user: 'reporter',
        state: 'active',
        address: '10.0.0.7',
        port: 5432,
        remotePid: 4101,
        tls: '',
      },
      ...['active', 'idle', 'used'].map((state, at) => ({
        database: 'shop',
        user: 'app',
        state,
        address: '10.0.0.6',
        port: 5432,
        remotePid: 4102 + at,
        tls: '',
      })),
    ],
    memoryBytes: 321_200,
    dns: [{hostname: 'db.example', addresses: ['10.0.0.6', '2001:db8::6']}],
    state: since(19, 'active'),
    peers: since(19, [{id: 2, host: '10.0.0.4', port: 6432}]),
  }
}

const pool = (part: Partial<ReturnType<typeof toPools>[number]>) => ({
  database: 'shop',
  user: 'app',
  poolMode: 'transaction',
  clientsActive: 0,
  clientsWaiting: 0,
  serversActive: 0,
  serversIdle: 0,
  serversUsed: 0,
  serversTested: 0,
  serversLogin: 0,
  maxWait: 0,
  ...part,
})

const client = (part: Partial<ReturnType<typeof toClients>[number]>) => ({
  database: 'shop',
  user: 'app',
  application: 'gunicorn',
  address: '10.0.0.20',
  state: 'active',
  tls: 'TLSv1.3/TLS_AES_256_GCM_SHA384/ECDH=X25519',
  connections: 1,
  preparedStatements: 4,
  ...part,
})

const versions = pgbouncerVersions()
const minorOf = (version: string) => Number(version.split('.')[1])

/** The same rows with their columns in another order, numbers as numbers, and columns of versions to come. */
const disguised = (shown: Shown): Shown =>
  Object.fromEntries(
    Object.entries(shown).map(([command, rows]) => [command, command === 'CONFIG' ? rows : rows.map(disguise)]),
  )
const disguise = (row: Row): Row => ({
  total_client_login_count: 12,
  ...Object.fromEntries(Object.entries(row).reverse().map(asNumber)),
  thread_id: 3,
})
const asNumber = ([name, value]: [string, unknown]) =>
  /^-?\d+$/.test(String(value)) ? [name, Number(value)] : [name, value]

describe('PgBouncer 1.12 to 1.25', () => {
  it('each has its file', () => {
    expect(versions).toEqual(Array.from({length: 14}, (_, at) => `1.${12 + at}`))
  })

  it.each(versions.filter(version => version !== '1.18'))(
    '%s: complete, null exactly where it has nothing',
    version => {
      const minor = minorOf(version)
      const {version: told, config, lists, ...data} = dataOf(shownBy(version))
      expect(data).toEqual(expected(minor))
      expect(told.versionNum).toBeGreaterThanOrEqual(10_000 + minor * 100)
      expect(told.versionNum).toBeLessThan(10_000 + minor * 100 + 100)
      expect(lists).toMatchObject({used_clients: 4, used_servers: 4, dns_queries: -1})
      const setting = (name: string) => config.find(item => item.name === name)
      expect(setting('listen_addr')).toEqual({
        name: 'listen_addr',
        value: '10.0.0.5',
        default: minor >= 15 ? '' : null,
        isReloadable: false,
      })
      expect(setting('auth_user')).toMatchObject({value: '', default: null, isReloadable: true})
      expect(setting('max_prepared_statements')?.value).toBe(minor < 21 ? undefined : minor < 24 ? '0' : '200')
    },
  )

  it.each(versions)('%s: no NaN, no undefined; survives JSON', version => {
    const data = dataOf(shownBy(version))
    expect(JSON.parse(JSON.stringify(data))).toStrictEqual(data)
  })

  it.each(versions)('%s: other columns, another order, and numbers as numbers do no harm', version => {
    const shown = shownBy(version)
    expect(dataOf(disguised(shown))).toEqual(dataOf(shown))
  })
})

it('secrets of SHOW CONFIG do not reach the snapshot', () => {
  const values = {
    auth_ldap_options: 'ldapserver=ldap.example ldapbindpasswd="two ""words" ldapport=389',
    auth_query: "SELECT * FROM dblink('host=auth password=s3cret', $1)",
    admin_password: 's3cret',
    server_tls_key_file: '/etc/ssl/pooler.key',
    conffile: '/etc/pgbouncer/pgbouncer.ini',
  }
  const missing = {ok: false, reason: 'unsupported', message: ''} as const
  const sections = Object.fromEntries(sectionNames.map(name => [name, missing])) as Snapshot['sections']
  const {poolers} = finished(
    {...sections, poolers: {ok: true, data: [pooler({config: config(values)})]}},
    {target: {host: '', port: 0, database: '', user: ''}, warnings: [], cutShortBy: null, window: null, collectedAt: 0},
  ).sections
  const told = poolers.ok ? Object.fromEntries(poolers.data[0]!.config.map(({name, value}) => [name, value])) : {}
  expect(told).toMatchObject({
    auth_ldap_options: 'ldapserver=ldap.example ldapbindpasswd=<redacted> ldapport=389',
    auth_query: expect.stringContaining('password=<redacted>'),
    admin_password: '<redacted>',
    server_tls_key_file: '/etc/ssl/pooler.key',
    conffile: '/etc/pgbouncer/pgbouncer.ini',
  })
  expect(JSON.stringify(poolers)).not.toMatch(/s3cret|words/)
})

it('what is no number is unknown, not NaN', () => {
  expect(toPools([{database: 'shop', user: 'app', cl_active: 'many', maxwait: '', maxwait_us: null}])[0]).toMatchObject(
    {
      clientsActive: 0,
      maxWait: 0,
    },
  )
  expect(toUsers([{name: 'app', pool_size: '   ', max_user_connections: 'unlimited'}])[0]).toMatchObject({
    poolSize: null,
    maxConnections: null,
  })
})

it.each([
  ['PgBouncer 1.18.0', '1.18.0', 11_800],
  ['1.25.2/bouncer', '1.25.2', 12_502],
  ['PgBouncer 1.23', '1.23.0', 12_300],
  ['', '0.0.0', 0],
])('%j is version %s', (banner, version, versionNum) => {
  expect(toVersion(banner)).toEqual({version, versionNum})
})
