import {describe, expect, it} from 'vitest'
import {limitsOf} from '../../src/loadtest/limits.js'
import {openOutcome} from '../../src/loadtest/open.js'
import type {Pooler} from '../../src/snapshot.js'
import {counters, emptyRun, pools, START, setting, snapshot} from './builders.js'

const database = (name: string, poolSize: number, poolMode: string | null = null) => ({
  ...{name, host: 'db', port: 5432, database: name, forceUser: null, poolSize, minPoolSize: null},
  ...{reservePoolSize: 5, poolMode, maxConnections: 0, currentConnections: 0, isPaused: false, isDisabled: false},
})

const pooler = (users: string[]): Pooler => ({
  ...{target: {host: 'pooler', port: 6432, user: 'stats'}, addresses: [], version: '1.24.0', versionNum: 12400},
  config: [{name: 'pool_mode', value: 'transaction', default: null, isReloadable: true}],
  databases: [database('ahsp', 20), database('other', 7), database('jobs', 9, 'session')],
  ...{users: [], lists: {}, clients: [], servers: [], memoryBytes: 0, state: 'active', peers: null, dns: null},
  samples: [
    {
      ...{at: 0, stats: [], remotePids: [], answeredMs: 1},
      pools: users.map(user => ({
        ...{database: 'ahsp', user, poolMode: 'transaction', clientsActive: 1, clientsWaiting: 0, serversActive: 1},
        ...{serversIdle: 0, serversUsed: 0, serversTested: 0, serversLogin: 0, maxWait: 0},
      })),
    },
  ],
  unread: [],
})

const used = (user: string, databaseName = 'ahsp') =>
  pools(1001, {
    pools: [
      {
        ...{database: databaseName, user, clientsActive: 4, clientsWaiting: 1, serversActive: 4, serversIdle: 0},
        ...{serversOther: 0, maxWait: 0, poolMode: 'transaction'},
      },
    ],
  })

describe('limits of a run', () => {
  it('usable connections as counted while it ran, else by the settings; cores as told', () => {
    expect(limitsOf(emptyRun())).toMatchObject({pool: null, usable: null, cores: null, p95Ms: null, waitMs: 10})
    const settings = [setting('max_connections', '100'), setting('superuser_reserved_connections', '3')]
    const start = snapshot({settings})
    expect(limitsOf(emptyRun({snapshots: {start, end: null}})).usable).toBe(97)
    const run = emptyRun({
      start: {...START, cpus: 4},
      snapshots: {start, end: null},
      counters: [counters(1000, {usable: 87})],
    })
    expect(limitsOf(run, {p95Ms: 750})).toMatchObject({usable: 87, cores: 4, p95Ms: 750})
    expect(limitsOf(run, {cores: 8}).cores).toBe(8)
  })

  it('pools that were used, of each role; not those of other databases, nor session mode', () => {
    const end = snapshot({poolers: [pooler(['app', 'worker'])]})
    const snapshots = {start: snapshot({poolers: [pooler([])]}), end}
    expect(limitsOf(emptyRun({snapshots, pools: [used('app')]}))).toMatchObject({
      pool: 20,
      poolName: 'pool_size of 1 pool',
    })
    expect(limitsOf(emptyRun({snapshots, pools: [used('app'), used('worker')]})).pool).toBe(40)
    expect(limitsOf(emptyRun({snapshots})).pool).toBe(40)
    expect(limitsOf(emptyRun({snapshots, pools: [used('app', 'jobs')]})).pool).toBeNull()
  })
})

describe('requests that come at a rate', () => {
  const at = (perSecond: number) => openOutcome({perSecond, cpuSeconds: 0.005, otherSeconds: 0.045, pool: 10, cores: 4})

  it("Little's law, and waiting only near the end of the pool", () => {
    expect(at(100).busy).toBeCloseTo(5, 2)
    expect(at(100).waitSeconds).toBeLessThan(0.001)
    expect(at(190).waitSeconds).toBeGreaterThan(0.02)
    expect(at(190).waitP95).toBeGreaterThan(at(190).waitSeconds)
  })

  it('more than the pool can carry: its throughput, and the longest wait there is', () => {
    const {transactionsPerSecond, waitSeconds, waitP95, busy} = at(400)
    expect(transactionsPerSecond).toBeLessThan(200)
    expect(busy).toBe(10)
    expect([waitSeconds, waitP95]).toEqual([120, 120])
  })
})
