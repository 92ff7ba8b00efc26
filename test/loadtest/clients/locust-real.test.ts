import {execFileSync, spawn} from 'node:child_process'
import {createServer} from 'node:http'
import type {AddressInfo} from 'node:net'
import {join} from 'node:path'
import {beforeAll, describe, expect, it} from 'vitest'
import type {ClientRun} from '../../../src/loadtest/client.js'
import {readLocust} from '../../../src/loadtest/clients/locust.js'
import {plateaus} from '../../../src/loadtest/plateaus.js'
import {temporaryFiles} from './files.js'

const hasLocust = (() => {
  try {
    execFileSync('locust', ['--version'], {stdio: 'ignore', timeout: 30_000})
    return true
  } catch {
    return false
  }
})()

const {folder, write} = temporaryFiles()
const LOCUSTFILE = `import os
from locust import HttpUser, task, constant, stats
if os.environ.get("FLUSH"):
    stats.CSV_STATS_FLUSH_INTERVAL_SEC = 0.5
class Shopper(HttpUser):
    wait_time = constant(0.05)
    @task(3)
    def front(self):
        self.client.get("/")
    @task
    def login(self):
        self.client.post("/login", name='/login, "again"')
`

/** What the server saw of one run, to hold the report against. */
type Served = {run: ClientRun; ok: number; failed: number; started: number}

async function load(prefix: string, flush: string): Promise<Served> {
  const served = {ok: 0, failed: 0, started: Date.now() / 1000}
  const server = createServer((request, response) => {
    const failed = request.url === '/login'
    served[failed ? 'failed' : 'ok'] += 1
    setTimeout(() => response.writeHead(failed ? 500 : 200).end('x'), 20)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const host = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const options = ['--headless', '-u', '4', '-r', '4', '-t', '4s', '--stop-timeout', '2', '--csv-full-history']
  const locust = spawn('locust', ['-f', 'locustfile.py', ...options, '--host', host, '--csv', prefix], {
    cwd: folder,
    env: {...process.env, FLUSH: flush},
    stdio: 'ignore',
  })
  await new Promise(resolve => locust.on('exit', resolve))
  server.close()
  return {...served, run: await readLocust(join(folder, prefix))}
}

describe.skipIf(!hasLocust)('a real Locust', () => {
  let flushed: Served
  let usual: Served
  beforeAll(async () => {
    write('locustfile.py', LOCUSTFILE)
    ;[flushed, usual] = await Promise.all([load('flushed', '1'), load('usual', '')])
  })

  it('counts what the server served, without that of its last second', () => {
    for (const {run, ok, failed} of [flushed, usual]) {
      const {requests, failures, p50} = run.total
      expect(requests).toBeGreaterThan(0.5 * (ok + failed))
      expect(requests).toBeLessThanOrEqual(ok + failed)
      expect(failures).toBeGreaterThan(0)
      expect(failures).toBeLessThanOrEqual(failed)
      expect(p50).toBeGreaterThanOrEqual(19)
      expect(run.endpoints).toMatchObject([
        {method: 'GET', name: '/', requests: requests - failures!, failures: 0},
        {method: 'POST', name: '/login, "again"', requests: failures, failures},
      ])
      expect(run.failures).toMatchObject([{method: 'POST', name: '/login, "again"', count: failures}])
      expect(run.failures[0]!.error).toContain('500')
    }
  })

  it('tells when it was, to about a second', () => {
    for (const {run, started} of [flushed, usual]) {
      expect(run.from).toBeGreaterThan(started - 2)
      expect(run.to).toBeLessThan(Date.now() / 1000 + 2)
      expect(run.to! - run.from!).toBeGreaterThanOrEqual(2)
      expect(run.to! - run.from!).toBeLessThan(8)
    }
  })

  it('has seconds when its history is written', () => {
    const {run} = flushed
    const requests = run.points.reduce((sum, point) => sum + point.requests, 0)
    expect(requests).toBeGreaterThan(0.3 * run.total.requests)
    expect(requests).toBeLessThanOrEqual(run.total.requests)
    expect(run.total.users).toBe(4)
    expect(run.points.some(({p95, users}) => p95 !== null && p95 >= 19 && users === 4)).toBe(true)
  })

  it('has none when the run ended before: said, and judged as a whole', () => {
    const {run} = usual
    expect(run.points).toEqual([])
    expect(run.notes.join('\n')).toContain('too short for a history')
    expect(plateaus(run, 4)).toMatchObject([{users: 4, requests: run.total.requests, latencies: 'run'}])
  })
})
