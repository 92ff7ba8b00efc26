import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import type {EmbeddedServer} from '../../src/embedded/server.js'
import {analyzeLogs} from '../../src/log/analyze.js'
import {renderLog} from '../../src/log/render.js'
import type {LogReport} from '../../src/log/report.js'
import {binDirOf} from '../postgres.js'
import {
  createSchema,
  diseased,
  GAP_MS,
  healthy,
  type Logs,
  loggingServer,
  logsOf,
  other,
  PRIVATE,
  type Protocol,
  session,
} from './workload.js'

const folder = mkdtempSync(join(tmpdir(), 'ahsp-db-log-'))
afterAll(() => rmSync(folder, {recursive: true, force: true}))

const PROTOCOLS: Protocol[] = ['simple', 'unnamed', 'named']
let files = 0

async function analyze(text: string, prefix?: string): Promise<LogReport> {
  files += 1
  const file = join(folder, `${files}.log`)
  writeFileSync(file, text)
  return analyzeLogs([file], {gapMs: GAP_MS, repetitions: 5, runs: 3, requests: 5, prefix})
}

async function logged(server: EmbeddedServer, works: Parameters<typeof session>[2][]): Promise<Logs> {
  await createSchema(server)
  // At the same time, so that the lines of the sessions are mixed.
  await Promise.all(works.flatMap(work => PROTOCOLS.map(protocol => session(server, protocol, work))))
  return written(server)
}

/** One after the other: sessions that do the same in step look like a pooler, which must not be called clean. */
async function loggedInTurn(server: EmbeddedServer, work: Parameters<typeof session>[2]): Promise<Logs> {
  await createSchema(server)
  for (const protocol of PROTOCOLS) await session(server, protocol, work)
  return written(server)
}

async function written(server: EmbeddedServer): Promise<Logs> {
  // The collector writes a moment later.
  await new Promise(resolve => setTimeout(resolve, 500))
  return logsOf(server)
}

const EXPECTED = [
  'batch: "jobs" is written row by row',
  'batch: "work_items" is looked up value by value, after no statement that it hangs on',
  'cache: the same rows of "settings" again and again',
  'n-plus-one: "Owner" by "id", for each row of "projects"',
  'n-plus-one: "work_items" by "project_id", for each row of "projects"',
  'n-plus-one: an aggregate of "work_items", for each row of "projects"',
]
const found = ({loops}: LogReport) => loops.map(({kind, title}) => `${kind}: ${title}`).sort()

const VERSIONS: {major: number; prefix: string; settings: Record<string, string>}[] = [
  {major: 18, prefix: '%m [%p] %q%u@%d/%a ', settings: {}},
  {major: 18, prefix: '%t:%r:%u@%d:[%p]:', settings: {log_statement: 'all', log_duration: 'on'}},
  {major: 15, prefix: '%n %c %e user=%u,db=%d,app=%a ', settings: {}},
]

describe.each(VERSIONS)('PostgreSQL $major, $prefix, $settings', ({major, prefix, settings}) => {
  const binDir = binDirOf(major)
  let sick: Logs
  let well: Logs
  beforeAll(async () => {
    if (!binDir) return
    const servers = await Promise.all(
      [0, 1].map(() => loggingServer(prefix, settings, major === 18 ? undefined : binDir)),
    )
    try {
      ;[sick, well] = (await Promise.all([
        logged(servers[0]!, [diseased, other]),
        loggedInTurn(servers[1]!, healthy),
      ])) as [Logs, Logs]
    } finally {
      await Promise.all(servers.map(server => server.stop()))
    }
  }, 120_000)

  const formats = (major === 18 ? ['stderr', 'csvlog', 'jsonlog'] : ['stderr', 'csvlog']) as (keyof Logs)[]
  const isCoarse = (format: string) => format === 'stderr' && prefix.startsWith('%t')
  test.skipIf(!binDir).each(formats)('%s: every loop is found, and named for what it is', async format => {
    const report = await analyze(sick[format])
    expect(report.verdict.status).toBe('found')
    expect(report.log.files[0]).toMatchObject({format, malformed: 0})
    expect(found(report)).toEqual(EXPECTED)
    const owner = report.loops.find(({title}) => title.startsWith('"Owner"'))!
    // A busy machine, or the end of a second, may cut a loop in two.
    expect(owner.most).toBeLessThanOrEqual(11)
    expect(owner.median).toBeGreaterThanOrEqual(5)
    expect(owner.calls).toBeLessThanOrEqual(114)
    expect(owner.calls).toBeGreaterThan(70)
    expect(owner.parent!.text).toMatch(/^SELECT id, owner_id, title FROM projects/)
    const line = Number(owner.place.split(':').at(-1))
    expect(sick[format].split('\n')[line - 1]).toContain('Owner')
  })
  test.skipIf(!binDir).each(formats)('%s: the healthy workload is clean', async format => {
    const report = await analyze(well[format])
    expect(report.loops.filter(({kind}) => kind === 'n-plus-one' || !isCoarse(format))).toEqual([])
    expect(report.verdict.status).toBe('clean')
  })
  test.skipIf(!binDir)('the prefix that was given reads the same as the recognised one', async () => {
    const [given, recognised] = [await analyze(sick.stderr, prefix), await analyze(sick.stderr)]
    expect(given.loops.map(({calls, ms}) => [calls, ms])).toEqual(recognised.loops.map(({calls, ms}) => [calls, ms]))
    expect(given.log.statements).toBe(recognised.log.statements)
  })
  test.skipIf(!binDir)('no value of a statement is shown', async () => {
    for (const format of formats) {
      const report = await analyze(sick[format])
      for (const how of ['table', 'markdown', 'json'] as const) {
        const text = await renderLog(report, how, {color: false, width: 80})
        for (const value of PRIVATE) expect(text).not.toContain(value)
      }
    }
  })
})
