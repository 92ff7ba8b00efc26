import {mkdirSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {CliError} from '../../../src/errors.js'
import {readLocust} from '../../../src/loadtest/clients/locust.js'
import {
  EXCEPTIONS,
  FAILURES,
  FAILURES_2_44,
  FULL_HISTORY,
  HISTORY,
  history,
  historyRow,
  START,
  STATS,
  STATS_1_1,
  temporaryFiles,
} from './files.js'

const {folder, write} = temporaryFiles()
let runs = 0
/** Writes the files of one run and gives their prefix. */
function prefixOf(files: {stats?: string; stats_history?: string; failures?: string; exceptions?: string}): string {
  const name = `run${runs++}`
  for (const [kind, content] of Object.entries(files)) write(`${name}_${kind}.csv`, content)
  return join(folder, name)
}

describe('all files of a run', () => {
  it('are read into one', async () => {
    const prefix = prefixOf({stats: STATS, stats_history: HISTORY, failures: FAILURES, exceptions: EXCEPTIONS})
    const run = await readLocust(prefix)
    expect(run).toMatchObject({
      tool: 'locust',
      format: 'locust stats >= 1.2, stats_history >= 1.2, failures < 2.44',
      from: START,
      to: START + 3,
      total: {
        requests: 1000,
        failures: 21,
        requestsPerSecond: 33.3,
        users: 10,
        mean: 39.975,
        p50: 14,
        p95: 240,
        p99: 800,
        max: 1900,
      },
      exceptions: [{message: 'division by zero', count: 3}],
    })
    expect(run.endpoints.map(({method, name, requests, p99}) => [method, name, requests, p99])).toEqual([
      ['GET', '/', 900, 150],
      ['POST', '/login', 100, 1500],
    ])
    expect(run.failures).toEqual([
      {
        method: 'POST',
        name: '/login',
        error: `HTTPError('500 Server Error\r\n  for url: "/login", again')`,
        count: 20,
        first: null,
        last: null,
      },
      {method: 'GET', name: '/', error: 'ConnectionRefusedError(111)', count: 1, first: null, last: null},
    ])
  })

  it('counters of the history become those of each second; its percentiles are since the beginning, and no points', async () => {
    const run = await readLocust(prefixOf({stats_history: HISTORY}))
    const none = {p50: null, p95: null, p99: null}
    expect(run.points).toEqual([
      {at: START, users: 0, requests: 0, failures: 0, mean: null, ...none},
      {at: START + 1, users: 5, requests: 10, failures: 0, mean: 10, ...none},
      {at: START + 2, users: 10, requests: 20, failures: 1, mean: 25, ...none},
      {at: START + 3, users: 10, requests: 30, failures: 2, mean: 40, ...none},
    ])
    expect(run.total).toMatchObject({requests: 60, failures: 3, requestsPerSecond: 20, mean: 30, p95: 30})
    expect(run.notes.join('\n')).toContain('--csv-full-history')
    expect(run.notes.join('\n')).toContain('_stats.csv is missing')
  })

  it('with --csv-full-history: percentiles of the interval, endpoints, and 0 is no percentile', async () => {
    const run = await readLocust(prefixOf({stats_history: FULL_HISTORY}))
    expect(run.format).toContain('--csv-full-history')
    expect(run.points.map(({requests, p95}) => [requests, p95])).toEqual([
      [0, null],
      [15, 10],
      [20, 20],
      [1, null],
    ])
    expect(run.total).toMatchObject({requests: 36, p50: 12, p95: null})
    expect(run.endpoints.map(({name, requests}) => [name, requests])).toEqual([
      ['/', 31],
      ['/search?q=a, "b"', 5],
    ])
  })

  it('1.1 has a percentile more; times of failures are there since 2.44', async () => {
    const run = await readLocust(prefixOf({stats: STATS_1_1, failures: FAILURES_2_44}))
    expect(run.total).toMatchObject({requests: 10, p99: 40, max: 41})
    expect(run.failures[0]).toMatchObject({first: START + 0.5, last: START + 9})
    expect(run.notes.join('\n')).toContain('stats is of Locust 1.1, failures of a later version')
    expect(run.notes.join('\n')).toContain('tell it with --from and --to')
  })

  it('the history lacks its last seconds: the end of the run is that of the statistics', async () => {
    const rows = [0, 1, 2, 3, 4].map(at => historyRow(at, 10, at * 100, 0, 10))
    const stats = STATS.replace('0,33.3,', '0,100.0,').replace(',33.3,', ',100.0,')
    const run = await readLocust(prefixOf({stats, stats_history: history(rows)}))
    expect(run).toMatchObject({from: START, to: START + 10, total: {requests: 1000, requestsPerSecond: 100}})
    expect(run.notes.join('\n')).toContain('lacks the last 600 requests')
  })

  it('too short a run for a history: totals and times, no seconds', async () => {
    const run = await readLocust(prefixOf({stats: STATS, stats_history: history([historyRow(0, 0, 0, 0, 0)])}))
    expect(run).toMatchObject({from: START, to: START + 31, points: [], total: {requests: 1000, users: null}})
    expect(run.notes.join('\n')).toContain('too short for a history')
  })

  it('files of different runs are told', async () => {
    const run = await readLocust(prefixOf({stats: STATS, stats_history: HISTORY}))
    expect(run.notes.join('\n')).toContain('stats counts 1,000 requests, stats_history 60')
  })

  it('reset statistics, a clock set back, rows of nonsense', async () => {
    const rows = [historyRow(0, 5, 50, 0, 10), historyRow(1, 5, 10, 0, 10), historyRow(0, 5, 30, 0, 20), 'x,y', '1,2,3']
    const run = await readLocust(prefixOf({stats_history: history(rows)}))
    expect(run.points).toMatchObject([
      {at: START, requests: 50, mean: 10},
      {at: START + 1, requests: 30, mean: 20},
    ])
    expect(run.notes.join('\n')).toMatch(/reset once[\s\S]*set back once/)
    expect(run.notes.join('\n')).toContain('2 rows of')
  })

  it('rows of an idle web interface do not belong to the run', async () => {
    const rows = [0, 1, 2, 3, 4, 5, 6].map(at => historyRow(at, at > 2 && at < 5 ? 5 : 0, at > 2 ? 10 : 0, 0, 10))
    expect(await readLocust(prefixOf({stats_history: history(rows)}))).toMatchObject({from: START + 2, to: START + 4})
  })

  it('long and many texts are bounded, and counted', async () => {
    const rows = Array.from({length: 250}, (_, i) => `GET,/${i}${'x'.repeat(2000)},\u001b[2J,${i + 1}\r\n`)
    const run = await readLocust(prefixOf({failures: `Method,Name,Error,Occurrences\r\n${rows.join('')}`}))
    expect(run.failures).toHaveLength(200)
    expect(run.failures[0]).toMatchObject({count: 250, error: '\u001b[2J'})
    expect(run.failures[0]!.name).toHaveLength(501)
    expect(run.notes.join('\n')).toContain('50 more kinds of failures with 1,275 occurrences')
    expect(run.total.failures).toBe((250 * 251) / 2)
  })
})

describe('a single file', () => {
  it.each([
    ['stats', STATS],
    ['stats_history', HISTORY],
    ['failures', FAILURES],
  ])('%s is told by its header, not by its name', async (kind, content) => {
    expect((await readLocust(write('any.txt', content))).format).toMatch(new RegExp(`^locust ${kind} `))
  })

  it('of a run: the prefix is named', async () => {
    const prefix = prefixOf({stats: STATS})
    expect((await readLocust(`${prefix}_stats.csv`)).notes[0]).toContain(`--locust ${prefix} reads all`)
  })

  it('is told when it was', async () => {
    const run = await readLocust(write('t.csv', STATS), {from: START, to: START + 30})
    expect(run).toMatchObject({from: START, to: START + 30, points: []})
  })
})

describe('what cannot be read', () => {
  const failure = (path: string) =>
    readLocust(path).then(
      () => null,
      (error: unknown) => error,
    )
  it.each([
    ['nothing there', () => join(folder, 'none'), 'there is no'],
    ['a folder', () => mkdirSync(join(folder, 'd', 'e'), {recursive: true})!, 'there is no'],
    ['an empty file', () => write('e.csv', ''), 'is empty'],
    ['another CSV', () => write('o.csv', 'a,b\n1,2\n'), 'has no header of Locust'],
    ['half a header', () => write('h.csv', 'Type,Na'), 'breaks off in its header'],
    ['binary', () => write('b.csv', Buffer.from([0, 1, 2, 10, 255, 34, 44])), 'has no header'],
    ['all of a prefix broken', () => prefixOf({stats: 'x\n', failures: ''}), 'has no file of Locust'],
  ])('%s', async (_, make, message) => {
    const error = await failure(make())
    expect(error).toBeInstanceOf(CliError)
    expect(error).toMatchObject({exit: 2, code: 'CLIENT', message: expect.stringContaining(message)})
  })
})

describe('a run that was killed', () => {
  const files = {stats: STATS, stats_history: FULL_HISTORY, failures: FAILURES, exceptions: EXCEPTIONS}
  it.each(Object.keys(files) as (keyof typeof files)[])('%s, cut at any byte: only what was whole', async kind => {
    const content = Buffer.from(files[kind])
    const whole = await readLocust(write('whole.csv', content))
    const sets = [whole.points, whole.endpoints, whole.failures, whole.exceptions].map(
      list => new Set(list.map(item => JSON.stringify(item))),
    )
    for (let length = 0; length < content.length; length += 1) {
      writeFileSync(join(folder, 'cut.csv'), content.subarray(0, length))
      const run = await readLocust(join(folder, 'cut.csv')).catch((error: unknown) => {
        expect(error).toBeInstanceOf(CliError)
        return null
      })
      if (!run) continue
      const [points, ...lists] = [run.points, run.endpoints, run.failures, run.exceptions]
      // An endpoint of the history has counters that rise; the percentiles of points need one such row.
      for (const [i, list] of lists.entries()) {
        if (kind === 'stats_history') continue
        for (const item of list) expect(sets[i + 1]).toContain(JSON.stringify(item))
      }
      expect(points.map(({at, requests}) => [at, requests])).toEqual(
        whole.points.slice(0, points.length).map(({at, requests}) => [at, requests]),
      )
      expect(run.total.requests).toBeLessThanOrEqual(whole.total.requests)
      if (!content.subarray(0, length).toString().endsWith('\n')) {
        expect(run.notes.join('\n')).toMatch(/breaks off|not closed/)
      }
    }
  })

  it('without the row of all requests: the sum of the endpoints, and a note', async () => {
    const cut = STATS.slice(0, STATS.indexOf(',Aggregated'))
    const run = await readLocust(prefixOf({stats: cut}))
    expect(run.total).toMatchObject({requests: 1000, failures: 21, p95: null})
    expect(run.notes.join('\n')).toContain('sums of the 2 endpoints')
  })

  it('the remains of an older state behind the last row are left out', async () => {
    const run = await readLocust(
      prefixOf({stats: `${STATS},Aggregated,9,9,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1\r\n400,410\r\n`}),
    )
    expect(run.total.requests).toBe(1000)
    expect(run.notes.join('\n')).toContain('2 rows of')
  })
})

it('a long history is read in little memory', async () => {
  const row = (i: number) =>
    `${historyRow(Math.floor(i / 50), 10, 1000 + i, 0, 12, '2').replace(',,Aggregated', `,GET,/some/endpoint/${i % 50}`)}\r\n`
  const piece = Array.from({length: 50_000}, (_, i) => row(i)).join('')
  const name = join(folder, 'large.csv')
  writeFileSync(name, history([]))
  const pieces = Math.ceil(40e6 / piece.length)
  for (let i = 0; i < pieces; i += 1) writeFileSync(name, piece, {flag: 'a'})
  const before = process.memoryUsage().rss
  const run = await readLocust(name)
  expect(run.endpoints).toHaveLength(50)
  expect(process.memoryUsage().rss - before).toBeLessThan(250e6)
})
