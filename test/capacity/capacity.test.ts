import {describe, expect, it} from 'vitest'
import {capacityReport} from '../../src/capacity/capacity.js'
import {busyFor, expectedWaitMs, leastPoolFor, poolFor} from '../../src/capacity/load.js'
import {sectionNames} from '../../src/collect/index.js'
import {capacityMarkdown, capacityTable} from '../../src/render/capacity.js'
import type {Context} from '../../src/rule.js'
import type {Pooler, Snapshot} from '../../src/snapshot.js'
import {config, entry, pool, pooler, sample, stats} from '../rules/poolers.js'
import {connectionSettings, ok, session, setting} from '../rules/sections.js'

const unread = {ok: false, reason: 'unsupported', message: 'not read'} as const

function snapshot(poolers: Pooler[] | null, part: Partial<Snapshot['sections']> = {}, maxConnections = 200): Snapshot {
  const sections = Object.fromEntries(sectionNames.map(name => [name, unread])) as unknown as Snapshot['sections']
  return {
    format: 'ahsp-db/snapshot',
    version: 1,
    tool: '0',
    target: {host: 'db', port: 5432, database: 'ahsp', user: 'me'},
    collectedAt: 0,
    cutShortBy: null,
    warnings: [],
    window: null,
    sections: {
      ...sections,
      settings: ok([...connectionSettings(maxConnections), setting('idle_in_transaction_session_timeout', 60_000)]),
      ...(poolers ? {poolers: ok(poolers)} : {}),
      ...part,
    },
  }
}

const ask = (given: Snapshot, context: Context = {}, users = 200) => capacityReport(given, context, users, []).asked
const linkOf = ({links}: ReturnType<typeof ask>, id: string) => links.find(link => link.id === id)!
const lines = ({fixes}: ReturnType<typeof ask>) =>
  Object.fromEntries(fixes.flatMap(({setting: changed}) => (changed ? [[changed.name, changed.to]] : [])))

/** PgBouncer as it is installed. */
const FRESH = {
  default_pool_size: 20,
  reserve_pool_size: 0,
  min_pool_size: 0,
  max_client_conn: 100,
  query_wait_timeout: 120,
}
const fresh = (part: Partial<Pooler> = {}) =>
  pooler({config: config({...FRESH, reserve_pool_timeout: 5}), databases: [entry()], ...part})

const story = (part: Partial<Pooler> = {}) =>
  pooler({
    config: config({...FRESH, default_pool_size: 140, reserve_pool_size: 20, max_client_conn: 500}),
    databases: [entry({poolSize: 140, reservePoolSize: 20})],
    ...part,
  })

/** `busy` server connections on average in ten seconds, of transactions that take a fifth of a second. */
const loaded = (busy: number, database = 'ahsp') => {
  const after = stats({database, transactions: busy * 50, transactionTimeUs: busy * 10e6})
  const pools = [pool({database, clientsActive: 50})]
  return [sample({pools, stats: [stats({database})]}), sample({at: 10, pools, stats: [after]})]
}

describe('the documented case', () => {
  it('max_connections 200, transaction mode, 200 users, no measurement: 140, 20, at least 500', () => {
    const answer = ask(snapshot([fresh()]))
    expect(lines(answer)).toMatchObject({
      default_pool_size: '140',
      reserve_pool_size: '20',
      max_client_conn: '500',
      min_pool_size: '70',
      query_wait_timeout: '15',
    })
    expect(answer.sizes).toMatchObject({maxConnections: 200, pool: 140, reserve: 20, basis: 'assumed'})
    expect(lines(answer)).not.toHaveProperty('max_connections')
    // max_client_conn = 100 is known to break at 101 users.
    expect(answer).toMatchObject({verdict: 'breaks', first: {link: 'clients', breaksAt: 101}})
  })

  it('with those lines written nothing is left to write, and what was not measured is not called ready', () => {
    const config_ = config({
      ...FRESH,
      default_pool_size: 140,
      reserve_pool_size: 20,
      min_pool_size: 70,
      max_client_conn: 500,
      query_wait_timeout: 15,
      reserve_pool_timeout: 3,
    })
    const answer = ask(snapshot([story({config: config_})]))
    expect(answer.fixes).toEqual([])
    expect(answer.verdict).toBe('cannot judge')
    expect(answer.headline).toMatch(/^CANNOT JUDGE .* not measured/)
  })

  it('the same pools on max_connections = 100 are refused: 160 > 97', () => {
    const answer = ask(snapshot([story()], {}, 100))
    expect(answer.verdict).toBe('over-committed')
    expect(answer.headline).toBe('OVER-COMMITTED: full pools want 160, usable backends are 97')
    const {pool: size, reserve} = answer.sizes
    expect(size + reserve).toBeLessThanOrEqual(97 * 0.9)
    expect(lines(answer)).toMatchObject({default_pool_size: '70', reserve_pool_size: '10'})
  })

  it('without a pooler it says so at once, and prints the whole pgbouncer.ini', () => {
    const answer = ask(snapshot(null))
    expect(answer).toMatchObject({verdict: 'breaks', first: {link: 'backends'}})
    const [fix] = answer.fixes
    expect(fix?.steps[0]?.lines).toEqual(
      expect.arrayContaining(['pool_mode = transaction', 'default_pool_size = 140', 'max_client_conn = 500']),
    )
  })
})

describe('a measured load', () => {
  const measured = (busy: number, context: Context = {}, of = fresh()) =>
    ask(snapshot([{...of, samples: loaded(busy)}]), {currentUsers: 50, ...context})

  it('sizes by L + 2 sqrt(L) at N, breaks at L + sqrt(L)', () => {
    const answer = measured(10)
    expect(answer.sizes).toMatchObject({pool: 53, basis: 'measured'})
    expect(linkOf(answer, 'pools')).toMatchObject({demand: 47, capacity: 20, known: 'measured', breaksAt: 81})
    expect(answer.first).toMatchObject({link: 'pools', breaksAt: 81})
  })

  it.each([
    [80, 'fits'],
    [81, 'breaks'],
  ])('%i users: %s', (users, verdict) => {
    const roomy = fresh({config: config({...FRESH, max_client_conn: 1000})})
    expect(ask(snapshot([{...roomy, samples: loaded(10)}]), {currentUsers: 50}, users).verdict).toBe(verdict)
  })

  it('raises max_connections only for what was measured, and never beyond its own budget', () => {
    const answer = ask(snapshot([{...fresh(), samples: loaded(40)}], {}, 100), {currentUsers: 50})
    const {maxConnections, pool: size, reserve} = answer.sizes
    expect(maxConnections).toBe(250)
    expect(size + reserve).toBeLessThanOrEqual((maxConnections - 3) * 0.9)
    expect(lines(answer)).toMatchObject({max_connections: '250'})
  })

  it('leaves a pool alone that is larger than needed and fits', () => {
    const answer = ask(snapshot([{...story(), samples: loaded(10)}]), {currentUsers: 50})
    expect(answer.verdict).toBe('fits')
    expect(lines(answer)).not.toHaveProperty('default_pool_size')
  })

  it('advises shorter transactions first when most of the load is idle in transaction', () => {
    const window = {seconds: 2, before: {at: 0, databases: [], checkpoints: null}}
    const looks = [0, 1, 2].map(at => ({at, clients: 50, active: 1, idle: 40, idleInTransaction: 9, waitingForLock: 0}))
    const given = snapshot([{...fresh(), samples: loaded(10)}], {activity: ok({at: 0, sessions: [], samples: looks})})
    const {notes, load} = ask({...given, window}, {currentUsers: 50, cpus: 2})
    expect(load).toMatchObject({active: 1, idleInTransaction: 9})
    expect(notes.join(' ')).toMatch(
      /9 of 10 busy connections are idle in transaction.*Shorten those transactions first/,
    )
  })

  it('does not scale what it cannot: without --current-users the load is not known', () => {
    const answer = ask(snapshot([{...fresh(), samples: loaded(10)}]))
    expect(linkOf(answer, 'pools')).toMatchObject({known: 'unknown', breaksAt: null})
    expect(linkOf(answer, 'pools').missing).toContain('--current-users')
  })

  it('warns beyond two and a half times what was measured', () => {
    expect(measured(10).notes.join(' ')).toContain('more than 2.5 times')
    expect(ask(snapshot([{...fresh(), samples: loaded(10)}]), {currentUsers: 50}, 125).notes.join(' ')).not.toContain(
      '2.5 times',
    )
  })
})

describe('the links', () => {
  it('counts in the application when it was told: its threads, however many users there are', () => {
    const app = {instances: 2, workers: 4, threads: 8}
    const answer = ask(snapshot([fresh()]), {app}, 1000)
    expect(answer.clients).toMatchObject({count: 64, known: 'configured'})
    expect(linkOf(answer, 'clients')).toMatchObject({demand: 64, breaksAt: null})
  })

  it('session mode needs one server connection for each client', () => {
    const of = fresh({config: config({...FRESH, pool_mode: 'session', max_client_conn: 1000})})
    const answer = ask(snapshot([of]))
    expect(linkOf(answer, 'pools')).toMatchObject({demand: 200, capacity: 20, breaksAt: 21})
    expect(lines(answer)).toMatchObject({pool_mode: 'transaction'})
  })

  it('multiplies by processes, and divides the sizes among them', () => {
    const answer = ask(snapshot([story()]), {poolerProcesses: 2})
    expect(linkOf(answer, 'backends')).toMatchObject({demand: 320, capacity: 197, isOverCommitted: true})
    expect(answer.sizes).toMatchObject({processes: 2, defaultPoolSize: 70, reservePoolSize: 10})
  })

  it('gives every pool its part', () => {
    const pools = [pool(), pool({user: 'celery'})]
    const answer = ask(snapshot([fresh({samples: [sample({pools})]})]))
    expect(answer.sizes).toMatchObject({pools: 2, defaultPoolSize: 70, reservePoolSize: 10, pool: 140, reserve: 20})
  })

  it('subtracts who connects directly with a role that has no pool', () => {
    const sessions = [1, 2, 3].map(pid => session(pid, {user: 'reports'}))
    const answer = ask(snapshot([fresh()], {activity: ok({at: 0, sessions, samples: []})}))
    expect(linkOf(answer, 'backends').capacity).toBe(194)
  })

  it('knows open files when told: clients, server connections and a few of its own', () => {
    const answer = ask(snapshot([story()]), {poolerOpenFiles: 300})
    expect(linkOf(answer, 'files')).toMatchObject({capacity: 130, breaksAt: 131})
    expect(answer.first?.link).toBe('files')
  })

  it("a role's CONNECTION LIMIT below its pool", () => {
    const role = {
      name: 'app',
      canLogin: true,
      isSuperuser: false,
      isBootstrap: false,
      validUntil: null,
      connectionLimit: 50,
      connections: 0,
    }
    const answer = ask(snapshot([story()], {roles: ok([role])}))
    expect(linkOf(answer, 'limits')).toMatchObject({capacity: 50, demand: 160, isOverCommitted: true})
    expect(answer.verdict).toBe('over-committed')
  })

  it('counts processors only when it knows them', () => {
    const without = ask(snapshot([{...fresh(), samples: loaded(10)}]), {currentUsers: 50})
    expect(linkOf(without, 'processors')).toMatchObject({capacity: null, known: 'unknown'})
    expect(without.verdict).toBe('breaks')
  })
})

describe('the formulas', () => {
  it.each([
    // L = 11.6: a pool of 10 was slower than none at all, and no more than 19 are wanted
    [11.6, 19, 16],
    [0, 0, 0],
    [1.65, 5, 3],
    [100, 120, 110],
  ])('L = %f: pool %i, at least %i', (busy, size, least) => {
    expect(poolFor(busy)).toBe(size)
    expect(leastPoolFor(busy)).toBe(least)
  })

  it('busyFor is the inverse of leastPoolFor', () => {
    for (const size of [1, 2, 20, 140, 1000]) {
      expect(leastPoolFor(busyFor(size))).toBe(size)
      expect(leastPoolFor(busyFor(size) + 0.01)).toBe(size + 1)
    }
  })

  it('expectedWaitMs is Erlang C: the textbook values', () => {
    // One server: rho / (1 - rho) x service time.
    expect(expectedWaitMs(0.5, 1, 100)).toBeCloseTo(100)
    // Two servers, 1.5 erlangs: C = 0.642857, W = C x S / (c - a).
    expect(expectedWaitMs(1.5, 2, 100)).toBeCloseTo(128.571, 2)
    expect(expectedWaitMs(20, 20, 100)).toBe(Infinity)
    expect(expectedWaitMs(900, 1000, 100)).toBeLessThan(0.1)
  })
})

describe('the texts', () => {
  const report = () =>
    capacityReport(snapshot([{...fresh(), samples: loaded(10)}]), {currentUsers: 50, cpus: 2}, 200, [10, 100, 1000])

  it('fit into 80 columns, whatever is not to be typed, and begin with the verdict', async () => {
    const text = await capacityTable(report(), {color: false, width: 80})
    expect(text.split('\n')[0]).toBe('DOES NOT FIT 200 users: first to break: Pools at 81 users')
    const long = text.split('\n').filter(line => line.length > 80 && !line.startsWith('    '))
    expect(long).toEqual([])
    expect(text).toContain('default_pool_size = 53')
    expect(text).not.toContain('\u001b')
  })

  it('show the ladder with the first link that breaks on each step', async () => {
    const text = capacityMarkdown(report())
    expect(text).toMatch(/\| 10 \| 10 \|.*\| fits \|/)
    expect(text).toMatch(/\| 1,000 \|.*\| breaks \|/)
  })

  it('keep what a server says within its cell', async () => {
    const evil = '\u001b[31m| evil\n`x`'
    const other = loaded(5, evil)
    const both = loaded(10).map((look, at) => ({
      ...look,
      pools: [...look.pools, ...other[at]!.pools],
      stats: [...look.stats, ...other[at]!.stats],
    }))
    const given = story({databases: [entry({poolSize: 500}), entry({name: evil})], samples: both})
    const of = capacityReport(snapshot([given], {}, 1000), {currentUsers: 50}, 200, [200])
    expect(of.asked.first?.title).toContain('evil')
    for (const text of [await capacityTable(of, {color: false, width: 80}), capacityMarkdown(of)]) {
      expect(text).not.toContain('\u001b')
    }
  })
})
