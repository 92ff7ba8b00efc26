import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {type LadderOptions, reaches, runLadder, type Step, saturation} from '../../fixtures/loadtest/ladder.js'
import {type EmbeddedServer, startServer} from '../../src/embedded/server.js'
import {breakingUsers} from '../../src/loadtest/breaking.js'
import type {ClientRun} from '../../src/loadtest/client.js'
import type {Limits} from '../../src/loadtest/limits.js'
import {predict} from '../../src/loadtest/predict.js'
import {type LadderStep, stepOf} from '../../src/loadtest/steps.js'
import {emptyRun} from './builders.js'

const CONNECTIONS = 8
const LIMITS: Limits = {
  pool: CONNECTIONS,
  pools: 1,
  poolName: 'max of the pool',
  usable: null,
  cores: null,
  p95Ms: null,
  waitMs: 10,
}

let server: EmbeddedServer

beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())

/** What a watched run would have told: sessions in use and transactions; the wait is the pool's own figure. */
function ladderStep(step: Step, run: ClientRun): LadderStep {
  const {requestsPerSecond, ...client} = stepOf(emptyRun(), run, step)
  const holdMs = (step.busy / step.throughput) * 1000
  return {
    ...client,
    requestsPerSecond: step.throughput,
    transactionsPerSecond: step.throughput,
    busy: {mean: step.busy, peak: step.busy},
    waitMs: step.waitMs,
    holdMs,
  }
}

describe('a real ladder', () => {
  it('predicts from 10, 25 and 50 users where the pool breaks, within 20 % of where it does', {
    timeout: 120_000,
  }, async () => {
    const options: LadderOptions = {
      url: server.url(),
      connections: CONNECTIONS,
      holdMs: 100,
      thinkMs: 1000,
      seconds: 6.5,
    }
    const {steps, run} = await runLadder([10, 25, 50, 64, 72, 80, 90], options)
    const lower = steps.slice(0, 3).map(step => ladderStep(step, run))
    const {first} = breakingUsers(lower, LIMITS)
    const measured = reaches(steps, 'waitMs', LIMITS.waitMs)
    const at72 = predict(lower, 72, LIMITS)
    const seen = steps.find(({users}) => users === 72)!
    const shown = steps.map(({users, throughput, busy, waitMs, p95}) =>
      [users, throughput.toFixed(1), busy.toFixed(2), waitMs.toFixed(1), p95.toFixed(0)].join('  '),
    )
    process.stdout.write(
      [
        'users  tx/s  busy  wait ms  P95 ms',
        ...shown,
        `saturated at ${saturation(options)}; broke at ${measured?.toFixed(1)}; predicted ${JSON.stringify(first)}`,
        `at 72: ${JSON.stringify({tx: at72.transactionsPerSecond, busy: at72.busy, waitMs: at72.waitMs, p95: at72.p95})}`,
        '',
      ].join('\n'),
    )
    expect(lower.every(({waitMs}) => waitMs! < LIMITS.waitMs)).toBe(true)
    expect(measured).not.toBeNull()
    expect(first).toMatchObject({link: 'pool', known: 'estimated'})
    expect(Math.abs(first!.users / measured! - 1)).toBeLessThan(0.2)
    expect(Math.abs(at72.transactionsPerSecond!.value / seen.throughput - 1)).toBeLessThan(0.1)
    expect(Math.abs(at72.busy!.value / seen.busy - 1)).toBeLessThan(0.15)
  })
})
