import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {cliIn} from './cli.js'
import {statement} from './rules/objects.js'
import {NOW, ok, server} from './rules/sections.js'

let folder: string
let cli: ReturnType<typeof cliIn>

const write = (name: string, at: number, calls: number, totalMs: number) =>
  writeFileSync(
    join(folder, name),
    JSON.stringify({
      format: 'ahsp-db/snapshot',
      version: 1,
      tool: '0',
      target: {host: 'db', port: 5432, database: 'ahsp', user: 'me'},
      collectedAt: at,
      cutShortBy: null,
      warnings: [],
      window: null,
      sections: {
        server: ok(server({now: at})),
        statements: ok([statement('7', {calls, totalMs, meanMs: totalMs / calls})]),
        statementTexts: ok([{queryid: '7', text: 'SELECT * FROM a WHERE b = $1', truncated: false}]),
        statementsInfo: ok({
          ...{extensionVersion: '1.10', schema: 'public', entries: 1, maxEntries: 5000, evictions: 0},
          ...{statsReset: NOW - 1e6, totalCalls: calls, totalMs},
        }),
      },
    }),
  )

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ahsp-db-test-'))
  cli = cliIn(folder)
  write('before.json', NOW - 3600, 1000, 1000)
  write('now.json', NOW, 2000, 101_000)
})
afterAll(() => rmSync(folder, {recursive: true, force: true}))

describe('check --baseline', () => {
  const regressions = async (...args: string[]) => {
    const {stdout} = await cli(['check', '--snapshot', 'now.json', '--format', 'json', ...args])
    return JSON.parse(stdout).results.filter(({rule}: {rule: string}) => rule === 'queries/regression')
  }
  it('finds what became slower, and its verify asks the same question', async () => {
    const [result] = await regressions('--baseline', 'before.json')
    expect(result).toMatchObject({status: 'found', findings: [{subject: 'query 7'}]})
    expect(JSON.stringify(result)).toContain("ahsp-db check --only queries/regression --baseline 'before.json'")
  })
  it('is no question without one, unless the rule is named', async () => {
    expect(await regressions()).toEqual([])
    const [named] = await regressions('--only', 'queries/regression')
    expect(named).toMatchObject({status: 'skipped', cure: expect.stringContaining('--baseline')})
  })
  it('refuses a file that is no snapshot', async () => {
    writeFileSync(join(folder, 'other.json'), '{}')
    expect(await cli(['check', '--snapshot', 'now.json', '--baseline', 'other.json'])).toMatchObject({code: 2})
  })
})
