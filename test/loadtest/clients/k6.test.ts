import {writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {gzipSync} from 'node:zlib'
import {describe, expect, it} from 'vitest'
import {CliError} from '../../../src/errors.js'
import {readK6} from '../../../src/loadtest/clients/k6.js'
import {
  HANDLE_SUMMARY,
  k6Csv,
  k6JsonLines,
  k6Request,
  MACHINE_READABLE,
  START,
  SUMMARY_EXPORT,
  temporaryFiles,
} from './files.js'

const {folder, write} = temporaryFiles()
const json = (value: unknown, indent?: number) => write('summary.json', JSON.stringify(value, null, indent))
const COMMON = {
  tool: 'k6',
  total: {requests: 600, failures: 30, requestsPerSecond: 20, users: 50, mean: 120.5, p50: 90, p95: 300, max: 900},
  points: [],
}

describe('summaries', () => {
  it('--summary-export: true says that a threshold was crossed; there are no times', async () => {
    const run = await readK6(json(SUMMARY_EXPORT, 4))
    expect(run).toMatchObject({...COMMON, format: 'k6 summary-export', from: null, to: null})
    expect(run.total.p99).toBeNull()
    expect(run.thresholds).toEqual([
      {metric: 'http_req_duration', expression: 'p(95)<500', ok: true},
      {metric: 'http_req_duration', expression: 'p(99)<600', ok: false},
    ])
    expect(run.notes.join('\n')).toContain('--from and --to')
  })

  it('handleSummary: ok says that it was kept', async () => {
    const run = await readK6(json(HANDLE_SUMMARY))
    expect(run).toMatchObject({...COMMON, format: 'k6 handleSummary', total: {p99: 700}})
    expect(run.thresholds.map(({ok}) => ok)).toEqual([true, false])
  })

  it('machine-readable: ends when it was written', async () => {
    const end = Date.UTC(2027, 0, 15, 8, 0, 30, 250) / 1000
    const run = await readK6(json(MACHINE_READABLE))
    expect(run).toMatchObject({...COMMON, format: 'k6 machine-readable summary', from: end - 30, to: end})
    expect(run.notes.join('\n')).toContain('taken to have ended when')
  })

  it.each([
    ['both', {from: START, to: START + 40}, START, START + 40],
    ['the beginning', {from: START}, START, START + 30],
    ['the end', {to: START + 30}, START, START + 30],
  ])('told %s: the duration gives the rest', async (_, options, from, to) => {
    for (const summary of [SUMMARY_EXPORT, HANDLE_SUMMARY, MACHINE_READABLE]) {
      expect(await readK6(json(summary), options)).toMatchObject({from, to})
    }
  })

  it('before http_req_failed: failures are unknown, not 0', async () => {
    const {http_req_failed: _, ...metrics} = SUMMARY_EXPORT.metrics
    const run = await readK6(json({...SUMMARY_EXPORT, metrics}))
    expect(run.total.failures).toBeNull()
  })

  it('cut at any byte: refused', async () => {
    for (const indent of [0, 2]) {
      const text = JSON.stringify(HANDLE_SUMMARY, null, indent)
      for (let length = 0; length < text.length; length += 1) {
        await expect(readK6(write('cut.json', text.slice(0, length)))).rejects.toBeInstanceOf(CliError)
      }
    }
  })
})

const SAMPLES = [
  ...k6Request(START, 10, {}),
  ...k6Request(START, 30, {}),
  {metric: 'vus', at: START, value: 5},
  ...k6Request(START + 1, 50, {name: '/login', method: 'POST', status: '500', failed: true}),
  ...k6Request(START + 1, 60, {
    name: '/login',
    method: 'POST',
    status: '0',
    error: 'dial: refused',
    code: '1212',
    failed: true,
  }),
  ...k6Request(START + 1, 70, {name: '/login', method: 'POST', status: '500', failed: true}),
  {metric: 'vus', at: START + 2, value: 7},
  {metric: 'my_gauge', at: START + 2, value: -1},
]

/** Few enough to be cut at every byte. */
const TWO = [SAMPLES[0]!, SAMPLES[1]!, ...SAMPLES.filter(({error}) => error)]

describe.each([
  ['csv', k6Csv],
  ['json', k6JsonLines],
])('samples: --out %s', (kind, lines) => {
  const content = lines(SAMPLES)

  it('are gathered into seconds and endpoints', async () => {
    const run = await readK6(write('samples', content))
    expect(run).toMatchObject({
      tool: 'k6',
      format: `k6 ${kind}`,
      from: START,
      to: START + 3,
      total: {requests: 5, failures: 3, users: 7, max: 70, mean: 44},
      notes: [],
    })
    expect(run.points.map(({at, users, requests, failures}) => [at - START, users, requests, failures])).toEqual([
      [1, 5, 2, 0],
      [2, 5, 3, 3],
      [3, 7, 0, 0],
    ])
    expect(run.points[1]!.mean).toBe(60)
    expect(run.points[1]!.p50).toBeCloseTo(60, -0.5)
    expect(run.endpoints.map(({method, name, requests, failures}) => [method, name, requests, failures])).toEqual([
      ['POST', '/login', 3, 3],
      ['GET', '/', 2, 0],
    ])
    expect(run.failures).toEqual([
      {method: 'POST', name: '/login', error: 'HTTP 500', count: 2, first: START + 1, last: START + 1},
      {method: 'POST', name: '/login', error: 'dial: refused', count: 1, first: START + 1, last: START + 1},
    ])
  })

  it('gzip, whole and cut off', async () => {
    const packed = gzipSync(content)
    expect((await readK6(write('samples.gz', packed))).total.requests).toBe(5)
    const random = Buffer.from(
      Array.from({length: 400}, (_, i) => k6Csv(k6Request(START + i, Math.sqrt(i), {}))).join(''),
    )
    const run = await readK6(write('cut.gz', gzipSync(random).subarray(0, 3000)))
    expect(run.notes.join('\n')).toContain('ends too early: its gzip data')
  })

  it('cut at any byte: the samples before it', async () => {
    const bytes = Buffer.from(lines(TWO))
    const whole = await readK6(write('samples', bytes))
    const all = lines(TWO).split('\n')
    expect(whole.total).toMatchObject({requests: 2, failures: 1})
    for (let length = 0; length < bytes.length; length += 1) {
      const part = bytes.subarray(0, length)
      writeFileSync(join(folder, 'cut'), part)
      const run = await readK6(join(folder, 'cut')).catch((error: unknown) => {
        expect(error).toBeInstanceOf(CliError)
        return null
      })
      if (!run) continue
      const read = part.toString().split('\n').length - 1
      const least = all
        .slice(0, read)
        .filter(line => /^http_reqs|"metric":"http_reqs","type":"Point"/.test(line)).length
      expect(run.total.requests - least).toBeOneOf([0, 1])
      expect(run.points.length).toBeLessThanOrEqual(whole.points.length)
      for (const {error} of run.failures) expect(['HTTP 500', 'dial: refused']).toContain(error)
    }
  })
})

describe('samples in CSV', () => {
  it.each([
    ['unix_milli', String(START * 1000 + 500)],
    ['unix_micro', String(START * 1e6)],
    ['unix_nano', `${START}000000001`],
    ['rfc3339', '2027-01-15T09:00:00+01:00'],
    ['rfc3339_nano', '2027-01-15T08:00:00.123456789Z'],
  ])('times as %s', async (_, at) => {
    expect(await readK6(write('times.csv', k6Csv(k6Request(at, 5, {}))))).toMatchObject({from: START, to: START + 1})
  })

  it('without http_req_failed: by status', async () => {
    const samples = SAMPLES.filter(({metric}) => metric !== 'http_req_failed')
    const run = await readK6(write('old.csv', k6Csv(samples)))
    expect(run.total.failures).toBe(3)
    expect(run.notes.join('\n')).toContain('no metric http_req_failed')
  })

  it('percentiles are right within 1 %, in bounded memory, also for samples out of order', async () => {
    const lines: string[] = [k6Csv([]).trimEnd()]
    const latencies: number[] = []
    for (let i = 0; i < 60_000; i += 1) {
      const ms = 1 + ((i * 7919) % 10_000) / 7
      latencies.push(ms)
      lines.push(`http_reqs,${START + Math.floor(i / 100) - (i % 3)},1,,,,,,GET,/${i % 6000},,,,200,,,,,`)
      lines.push(`http_req_duration,${START + Math.floor(i / 100) - (i % 3)},${ms},,,,,,GET,/${i % 6000},,,,200,,,,,`)
      lines.push(`http_req_failed,${START + Math.floor(i / 100)},0,,,,,,GET,/${i % 6000},,,,200,,,,,`)
    }
    const run = await readK6(write('many.csv', `${lines.join('\n')}\n`))
    latencies.sort((a, b) => a - b)
    for (const [key, p] of [
      ['p50', 0.5],
      ['p95', 0.95],
      ['p99', 0.99],
    ] as const) {
      const exact = latencies[Math.ceil(p * latencies.length) - 1]!
      expect(Math.abs(run.total[key]! - exact) / exact).toBeLessThan(0.01)
    }
    expect(run.points.reduce((sum, {requests}) => sum + requests, 0)).toBe(60_000)
    expect(run.endpoints).toHaveLength(200)
    expect(run.notes.join('\n')).toContain('give requests a name tag')
  })
})

describe('what cannot be read', () => {
  it.each([
    ['an empty file', '', 'is empty'],
    ['text', 'hello\n', 'is not an output of k6'],
    ['other JSON', '{"a": 1}', 'is JSON, but no summary of k6'],
    ['JSON with metrics of something else', '{"metrics": {"cpu": {"value": 1}}}', 'no summary of k6'],
    ['half a header', 'metric_name,timest', 'breaks off in its header'],
    ['no file', null, 'cannot read'],
    ['bytes', Buffer.from([0x7b, 0, 255, 254, 10]), 'is cut off, or no JSON'],
    ['zstd', Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0]), 'is compressed, but not by gzip'],
  ])('%s', async (_, content, message) => {
    const file = content === null ? join(folder, 'none') : write('unknown', content)
    const error = await readK6(file).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(CliError)
    expect(error).toMatchObject({exit: 2, code: 'CLIENT', message: expect.stringContaining(message)})
    expect((error as CliError).line).not.toContain('nplusone')
  })
})
