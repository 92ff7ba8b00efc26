import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {afterAll, describe, expect, it, test} from 'vitest'
import {CliError} from '../../src/errors.js'
import {readRun} from '../../src/loadtest/read.js'
import type {RunRecord} from '../../src/loadtest/record.js'
import {redactedWords} from '../../src/loadtest/watch/command.js'
import {defaultName} from '../../src/loadtest/watch/file.js'
import {liveState} from '../../src/loadtest/watch/live.js'
import {statementCounts} from '../../src/loadtest/watch/statements.js'
import {every, thinned} from '../../src/loadtest/watch/ticks.js'
import {plainLine, viewLines} from '../../src/loadtest/watch/view.js'
import {columns} from '../../src/render/style.js'
import {counters, START} from './builders.js'

const folder = mkdtempSync(join(tmpdir(), 'ahsp-db-run-'))
afterAll(() => rmSync(folder, {recursive: true, force: true}))

describe('ticks', () => {
  it('a slow task swallows those that it covers, and the next comes at its own time', async () => {
    const stop = new AbortController()
    const ticks: number[] = []
    const {done, missed} = every(
      100,
      async tick => {
        ticks.push(tick)
        if (tick === 1) await sleep(250)
        if (ticks.length === 4) stop.abort()
      },
      stop.signal,
    )
    await done
    expect(ticks.slice(0, 2)).toEqual([0, 1])
    expect(ticks[2]).toBeGreaterThanOrEqual(4)
    expect(missed()).toBe(ticks.at(-1)! + 1 - ticks.length)
  })

  it('thinning keeps the first, the last and the better of two', () => {
    const all = Array.from({length: 101}, (_, at) => at)
    const few = thinned(all, 100, Math.max)
    expect(few.length).toBe(51)
    expect([few[0], few.at(-1)]).toEqual([1, 100])
    expect(thinned(all, 100)[0]).toBe(0)
    expect(thinned(all, 101)).toBe(all)
  })
})

describe('statements', () => {
  const row = (queryid: string, calls: number, epoch = 'a') => ({
    queryid,
    calls,
    rows: calls,
    totalMs: calls,
    epoch,
    at: 1,
  })

  it('what was added, ours left out; after a reset nothing is told', () => {
    const counts = statementCounts(new Set(['own']))
    expect(counts.add([row('1', 5), row('own', 5)])).toBeNull()
    expect(counts.add([row('1', 7), row('2', 1), row('own', 6)])).toEqual([
      {queryid: '1', calls: 2, totalMs: 2, rows: 2},
      {queryid: '2', calls: 1, totalMs: 1, rows: 1},
    ])
    expect(counts.add([row('1', 7), row('2', 1)])).toEqual([])
    expect(counts.add([row('1', 1, 'b')])).toBeNull()
    expect(counts.samples()).toMatchObject({wasReset: true})
  })
})

test('words that are secrets are not recorded', () => {
  const words = [
    'k6',
    'run',
    '-e',
    'API_KEY=abc',
    '--token',
    'abc',
    'http://me:abc@host/',
    '-H',
    'Authorization: Bearer abc',
  ]
  expect(redactedWords([...words, '-u', '50', '--password=abc']).join(' ')).toBe(
    'k6 run -e API_KEY=<redacted> --token <redacted> http://me:<redacted>@host/ -H Authorization:<redacted> -u 50 ' +
      '--password=<redacted>',
  )
})

test('the default name', () => {
  expect(defaultName(new Date('2026-11-21T10:15:00.123Z'))).toBe('ahsp-db-run-20261121T101500Z.jsonl')
})

describe('the view', () => {
  const HOSTILE = '\u001b[2J\u202e"public"."\u0007evil"\nnext'
  const activity: RunRecord = {
    type: 'activity',
    at: 130,
    total: 95,
    active: 90,
    idle: 3,
    idleInTransaction: 2,
    running: 20,
    waits: [{type: 'Lock', event: 'transactionid', count: 70}],
    blocked: [{relation: HOSTILE, count: 70}],
    statements: [],
    oldestTransaction: 12.3,
    clients: [],
  }
  const refused: RunRecord = {type: 'refused', at: 131, end: 'server', sqlstate: '53300', message: `sorry${HOSTILE}`}
  const options = {color: false, width: 80, target: HOSTILE, users: 50, textOf: () => HOSTILE}

  it('fits the terminal, and nothing of the server acts on it', () => {
    const {live, add} = liveState(5)
    add(activity)
    add(refused)
    for (const width of [40, 80, 200]) {
      const lines = viewLines(live, {...options, width})
      expect(lines.every(line => columns(line) <= width)).toBe(true)
      expect(lines.join('')).not.toMatch(/[\u0000-\u001f\u202e]/)
    }
    expect(viewLines(live, options)[0]).toMatch(/^02:06 {3}50 users/)
    expect(viewLines(live, options).at(-1)).toMatch(/^refused +once, last: sorry/)
    expect(plainLine(live)).toMatch(/^02:06 {2}refused once: sorry/)
  })

  it('one line says what waits', () => {
    const {live, add} = liveState(5)
    add(activity)
    expect(plainLine(live)).toBe(
      '02:05  95 connections, 90 active (Lock:transactionid 70, no wait 20), 2 idle in transaction, 70 blocked',
    )
  })
})

describe('reading', () => {
  const start = {...START, at: 100, clock: {offset: 10, uncertainty: 0}}
  let files = 0
  const read = (...lines: unknown[]) => {
    const file = join(folder, `${files++}.jsonl`)
    writeFileSync(file, lines.map(line => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join(''))
    return readRun(file)
  }

  it.each([
    ['empty', [], 'is empty'],
    ['not JSON', ['Timestamp,User Count'], 'is no run of ahsp-db loadtest watch'],
    ['another file', [{format: 'ahsp-db/snapshot'}], 'is no run of ahsp-db loadtest watch'],
    ['a newer one', [{...start, version: 2}], 'has format 2, newer than 1'],
  ])('%s: exit 2', async (_, lines, message) => {
    const error = await read(...lines).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(CliError)
    expect(error).toMatchObject({exit: 2, message: expect.stringContaining(message)})
  })

  it('a file that is not there: exit 2', async () => {
    await expect(readRun(join(folder, 'none'))).rejects.toMatchObject({
      exit: 2,
      message: expect.stringContaining('ENOENT'),
    })
  })

  it('passes over what it does not know, and tells what is damaged', async () => {
    const refusal = (at: number) => ({type: 'refused', at, end: 'server', sqlstate: null, message: ''})
    const run = await read(start, {type: 'weather', at: 1}, 'garbage', refusal(101), start, refusal(102))
    expect(run.refusals.length).toBe(1)
    expect(run.notes).toContain('1 damaged line was passed over')
    expect(run.notes).toContain('a second run begins in the file: it was left out')
  })

  it("a restart is put between the samples, by the watching machine's clock", async () => {
    const counted = (at: number, startedAt: number) => counters(at, {startedAt})
    const run = await read(start, counted(110, 50), counted(112, 50), counted(120, 127), counted(122, 127))
    expect(run.restarts).toEqual([117])
    expect((await read({...start, clock: null}, counted(110, 50), counted(120, 127))).restarts).toEqual([120])
  })
})
