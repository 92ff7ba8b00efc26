import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {readCompared} from '../../src/cli/compare.js'
import {verdictOf} from '../../src/cli/verdict.js'
import {type EmbeddedServer, startServer} from '../../src/embedded/server.js'
import {CliError} from '../../src/errors.js'
import {compareRuns} from '../../src/loadtest/compare.js'
import {readRun} from '../../src/loadtest/read.js'
import {renderJourney} from '../../src/render/loadtest-compare.js'
import {verdictMarkdown} from '../../src/render/loadtest-markdown.js'
import {takeSnapshot} from '../snapshot.js'
import {runOf} from './verdict/builders.js'

type Line = Record<string, unknown>

const folder = mkdtempSync(join(tmpdir(), 'ahsp-db-damaged-'))
const sound = join(folder, 'sound.jsonl')
const file = join(folder, 'run.jsonl')
let server: EmbeddedServer
let lines: Line[]

beforeAll(async () => {
  server = await startServer()
  const snapshot = (await takeSnapshot(server.url())) as unknown as Line
  const {start, activity, counters, pools, end} = runOf({pools: {}})
  const at = start.at
  const full = {
    waits: [{type: 'IO', event: 'DataFileRead', count: 1}],
    blocked: [{relation: '"public"."a"', count: 1}],
    statements: [{queryid: '1', text: 'SELECT 1', count: 1}],
    clients: [
      {user: 'app', database: 'ahsp', application: 'web', address: '', count: 19},
      // Not signed in yet.
      {user: null, database: null, application: '', address: '', count: 1},
    ],
  }
  lines = [
    start,
    {type: 'snapshot', at, when: 'start', snapshot},
    {type: 'statement', at, queryid: '1', text: 'SELECT 1'},
    {...activity[0]!, ...full},
    ...activity.slice(1, 10),
    ...pools.slice(0, 10),
    {...counters[0]!, statements: [{queryid: '1', calls: 1, totalMs: 1, rows: 1}]},
    ...counters.slice(1, 5),
    {type: 'refused', at: at + 5, end: 'server', sqlstate: '53300', message: 'sorry, too many clients already'},
    {...end!, at: at + 10},
    {type: 'snapshot', at: at + 10, when: 'end', snapshot},
  ]
  write(sound, lines)
})
afterAll(async () => {
  await server.stop()
  rmSync(folder, {recursive: true})
})

const write = (name: string, all: Line[]) => writeFileSync(name, all.map(line => `${JSON.stringify(line)}\n`).join(''))

/** The places of all values in it: ['waits', 0, 'type']. */
function placesIn(value: unknown, depth: number, place: (string | number)[] = []): (string | number)[][] {
  if (typeof value !== 'object' || value === null || place.length >= depth) return [place]
  const keys = Array.isArray(value) ? value.slice(0, 1).map((_, at) => at) : Object.keys(value)
  return [
    ...(place.length > 0 ? [place] : []),
    ...keys.flatMap(key => placesIn(value[key as never], depth, [...place, key])),
  ]
}

const REMOVED = Symbol('removed')
const WRONG = [REMOVED, null, 'a text', -1, 1e300, {}, [null]]

function damaged(line: Line, place: (string | number)[], value: unknown): Line {
  const copy = structuredClone(line)
  const parent = place.slice(0, -1).reduce<Line>((inner, key) => inner[key] as Line, copy)
  if (value === REMOVED) delete parent[place.at(-1)!]
  else parent[place.at(-1)!] = value
  return copy
}

/** 5 for whatever is thrown that is no error of ours. */
async function exitCode(command: () => Promise<unknown>): Promise<number> {
  try {
    await command()
    return 0
  } catch (error) {
    return error instanceof CliError ? error.exit : 5
  }
}

const judged = async () => verdictMarkdown(await verdictOf(file, {cpus: 4}))
const compared = async () => {
  const runs = await readCompared([sound, file], {})
  return renderJourney(compareRuns(runs, {nextUsers: 60}), 'markdown', {color: false, width: 80})
}

/** Each damage to the lines that leads to an internal error. */
async function internalErrors(isMeant: (line: Line) => boolean, depth: number, wrong: unknown[]): Promise<string[]> {
  const found: string[] = []
  for (const place of placesIn(lines.find(isMeant), depth)) {
    for (const value of wrong) {
      const first = lines.findIndex(isMeant)
      const isOne = (line: Line, at: number) => at === first || (line.type === 'snapshot' && isMeant(line))
      write(
        file,
        lines.map((line, at) => (isOne(line, at) ? damaged(line, place, value) : line)),
      )
      const codes = [await exitCode(judged), depth > 4 ? 0 : await exitCode(compared)]
      if (codes.includes(5)) found.push(`${place.join('.')} = ${JSON.stringify(value) ?? 'removed'}`)
    }
  }
  return found
}

describe('a damaged line is no internal error', () => {
  it('the undamaged file is judged without a note', async () => {
    expect((await readRun(sound)).notes).toEqual([])
    write(file, lines)
    expect(await exitCode(judged)).toBe(0)
    expect(await exitCode(compared)).toBe(0)
  })

  it.each(['run', 'statement', 'activity', 'pools', 'counters', 'refused', 'end'])(
    '%s',
    {timeout: 60_000},
    async type => {
      expect(await internalErrors(line => line.type === type, 5, WRONG)).toEqual([])
    },
  )

  it('the snapshots', {timeout: 120_000}, async () => {
    expect(await internalErrors(line => line.type === 'snapshot', 4, [REMOVED, null, 'a text', [null]])).toEqual([])
  })

  it('damaged lines are one note, the rest counts', async () => {
    const {waits: _, ...bad} = lines.find(line => line.type === 'activity')!
    write(file, [...lines, bad, {...bad, waits: null}])
    const run = await readRun(file)
    expect(run.notes).toEqual(['2 damaged lines were passed over'])
    expect(run.activity).toHaveLength(10)
  })

  it('a damaged snapshot is a note', async () => {
    write(
      file,
      lines.map(line => (line.when === 'end' ? {...line, snapshot: {}} : line)),
    )
    const run = await readRun(file)
    expect(run.snapshots.end).toBeNull()
    expect(run.notes).toEqual(['the snapshot of the end: is not a snapshot of ahsp-db'])
  })
})
