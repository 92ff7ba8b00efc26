import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {hasLocust, locustCommand} from '../../fixtures/loadtest/locust.js'
import {MISTAKES, type Mistake, startApp, startDatabase} from '../../fixtures/loadtest/start.js'
import type {CauseId, LoadVerdict} from '../../src/loadtest/verdict/types.js'
import {cliIn} from '../cli.js'

/** The cause that the verdict must name first, and whose doing the failed requests are. */
const EXPECTED: Record<Mistake, {primary: CauseId | null; failures: 'explained' | 'notTheDatabase' | null}> = {
  none: {primary: null, failures: null},
  connections: {primary: 'CONNECTIONS_EXHAUSTED', failures: 'explained'},
  'n-plus-one': {primary: 'N_PLUS_ONE', failures: null},
  'idle-in-transaction': {primary: 'LONG_TRANSACTIONS', failures: null},
  'session-locks': {primary: 'LOCKS', failures: null},
  cpu: {primary: 'NOT_THE_DATABASE', failures: 'notTheDatabase'},
}

const USERS = 25
/** Locust's own files lack the last second or so. */
const SECONDS = 10

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ahsp-db-mistakes-'))
})
afterAll(() => rm(folder, {recursive: true, force: true}))

/** As people do it: the load tool under `loadtest watch`, then `loadtest verdict` on what both wrote. */
async function climb(mistake: Mistake) {
  const {server, appUrl, adminUrl} = await startDatabase({users: USERS})
  const app = await startApp({url: appUrl, mistake})
  try {
    const cli = cliIn(folder)
    const prefix = join(folder, mistake)
    const file = `${mistake}.jsonl`
    const command = locustCommand({port: app.port, users: USERS, seconds: SECONDS, prefix})
    const watched = await cli(['loadtest', 'watch', adminUrl, '--users', `${USERS}`, '-o', file, '--', ...command])
    const asked = ['loadtest', 'verdict', file, '--locust', prefix, '--cpus', '2']
    const [json, table] = [await cli([...asked, '--format', 'json']), await cli(asked)]
    return {watched, json, table}
  } finally {
    await app.stop()
    await server.stop()
  }
}

describe.skipIf(!hasLocust())('Locust against the application with one mistake each', () => {
  // Once more where a starved machine let too few requests through to tell anything.
  it.each(MISTAKES)('%s', {timeout: 180_000, retry: 1}, async mistake => {
    const {watched, json, table} = await climb(mistake)
    const verdict: LoadVerdict = JSON.parse(json.stdout)
    const {primary, failures} = EXPECTED[mistake]
    const cause = verdict.bottleneck.causes.find(({rank}) => rank === 'primary')
    // A machine that is busy with other tests makes the healthy application slow, which is never the database's doing.
    const isBusy = mistake === 'none' && cause?.id === 'NOT_THE_DATABASE'
    expect(isBusy ? null : (cause?.id ?? null), table.stdout).toBe(primary)
    // Locust's own exit code is kept: 1 when a request failed.
    expect(watched.code, watched.stderr).toBe(failures ? 1 : 0)
    expect(watched.stdout + watched.stderr).toContain('Aggregated')
    const total = verdict.failures.total ?? 0
    if (failures) {
      expect(total).toBeGreaterThan(0)
      expect(verdict.failures[failures]).toBe(total)
      expect(table.stdout).toMatch(
        failures === 'explained' ? /the database explains \d+ of/ : /does not explain \d+ of/,
      )
    } else expect(total).toBe(0)
    if (primary) expect([json.code, verdict.next.verdict]).toEqual([1, 'NO-GO'])
    if (mistake === 'session-locks') expect(cause!.summary).toContain('"django_session"')
  })
})
