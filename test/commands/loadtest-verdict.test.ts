import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import type {ClientRun} from '../../src/loadtest/client.js'
import type {Run} from '../../src/loadtest/record.js'
import type {LoadVerdict} from '../../src/loadtest/verdict/types.js'
import {cliIn} from '../cli.js'
import {clientOf, runOf} from '../loadtest/verdict/builders.js'
import {storyRun} from '../loadtest/verdict/story.js'

const folder = mkdtempSync(join(tmpdir(), 'ahsp-db-verdict-'))
afterAll(() => rmSync(folder, {recursive: true}))
const cli = cliIn(folder)
const verdict = (...args: string[]) => cli(['loadtest', 'verdict', ...args])
const file = (name: string, text: string) => writeFileSync(join(folder, name), text)

const linesOf = ({start, activity, counters, pools, refusals, end}: Run) =>
  [start, ...[...activity, ...counters, ...pools, ...refusals].sort((a, b) => a.at - b.at), end]
    .map(line => `${JSON.stringify(line)}\n`)
    .join('')

const HISTORY =
  'Timestamp,User Count,Type,Name,Requests/s,Failures/s,50%,95%,99%,Total Request Count,Total Failure Count,' +
  'Total Median Response Time,Total Average Response Time,Total Min Response Time,Total Max Response Time,Total Average Content Size\n'
const STATS =
  'Type,Name,Request Count,Failure Count,Median Response Time,Average Response Time,Min Response Time,Max Response Time,' +
  'Average Content Size,Requests/s,Failures/s,50%,66%,75%,80%,90%,95%,98%,99%,99.9%,99.99%,100%\n'

/** As Locust writes it. */
function locust(prefix: string, {points, endpoints, failures, total}: ClientRun): void {
  let [requests, failed] = [0, 0]
  const history = points.map(point => {
    requests += point.requests
    failed += point.failures
    const now = [
      point.at,
      point.users,
      '',
      'Aggregated',
      point.requests,
      point.failures,
      point.p50,
      point.p95,
      point.p99,
    ]
    return [...now, requests, failed, point.p50, point.mean, 1, 1000, 10].join(',')
  })
  file(`${prefix}_stats_history.csv`, `${HISTORY}${history.join('\n')}\n`)
  const row = (
    method: string,
    name: string,
    of: Pick<ClientRun['total'], 'requests' | 'failures' | 'p50' | 'p95' | 'p99'>,
  ) =>
    [method, name, of.requests, of.failures, of.p50, 500, 1, 22_900, 10, 20, 0.5]
      .concat([of.p50, of.p50, of.p50, of.p50, of.p95, of.p95, of.p99, of.p99, of.p99, of.p99, 22_900] as number[])
      .join(',')
  const rows = [...endpoints.map(each => row(each.method ?? '', each.name, each)), row('', 'Aggregated', total)]
  file(`${prefix}_stats.csv`, `${STATS}${rows.join('\n')}\n`)
  const errors = failures.map(({method, name, error, count}) => `${method},${name},"${error}",${count}`)
  file(`${prefix}_failures.csv`, `Method,Name,Error,Occurrences\n${errors.join('\n')}\n`)
}

beforeAll(() => {
  const {run, client} = storyRun(100)
  file('story.jsonl', linesOf(run))
  locust('story', {...client, total: {...client.total, p50: 180, p95: 2200, p99: 3900}})
  file('good.jsonl', linesOf(runOf()))
  locust('good', clientOf())
  for (const users of [10, 30]) {
    const share = users / 50
    const counters = ({second}: {second: number}) => ({commits: second * 50 * share, activeMs: second * 1000 * share})
    file(`good${users}.jsonl`, linesOf(runOf({start: {users}, counters, activity: {total: users}})))
    locust(`good${users}`, clientOf({users, requests: 20 * share}))
  }
  const later = clientOf()
  locust('later', {...later, points: later.points.map(point => ({...point, at: point.at + 86_400}))})
})

test('connections blamed, code guilty: exit 1', async () => {
  const {code, stdout, stderr} = await verdict('story.jsonl', '--locust', 'story')
  expect(stderr).toBe('')
  expect(code).toBe(1)
  expect(stdout.replaceAll('\n', ' ')).toMatch(
    /^NO-GO for 100 users: the database does not explain 51 of 51 failures; /,
  )
  expect(stdout).toContain('primary: NOT_THE_DATABASE')
  expect(stdout).toContain('20 of 50  POST /login: HTTPError')
})

test('without a snapshot of the end it is conditional: exit 1, or 0 when that is allowed', async () => {
  const {code, stdout} = await verdict('good.jsonl', '--locust', 'good')
  expect(stdout).toMatch(/^CONDITIONAL for 100 users: certain N\+1 loops not known/)
  expect(code).toBe(1)
  expect((await verdict('good.jsonl', '--locust', 'good', '--allow-conditional')).code).toBe(0)
})

test('without the load generator: exit 2, and what is missing', async () => {
  const {code, stdout} = await verdict('good.jsonl')
  expect(code).toBe(2)
  expect(stdout).toMatch(/^CANNOT JUDGE 100 users: errors not known: give --locust PREFIX or --k6 FILE/)
})

test('no second in common: exit 2, with both times', async () => {
  const {code, stdout, stderr} = await verdict('good.jsonl', '--locust', 'later')
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toMatch(
    /^error\[USAGE\]: the database was watched from 2027-01-15 08:00:00 UTC to 2027-01-15 08:01:40 UTC, the load generator ran from 2027-01-16 .* - give files of the same run/,
  )
})

test('limits of the configuration, phase and peaks as told, as JSON into a file', async () => {
  file('limits.yaml', 'phases: {light: {p95: 200ms}}\nhardware: {cpus: 2}\n')
  const flags = ['--phase', 'light', '--cpu-peak', '71%', '--memory-peak', '90', '--next-users', '60']
  const {code, stdout} = await verdict(
    ...['good.jsonl', '--locust', 'good', '-c', 'limits.yaml', ...flags, '--format', 'json', '-o', 'verdict.json'],
  )
  expect([code, stdout]).toEqual([1, ''])
  const told = JSON.parse(readFileSync(join(folder, 'verdict.json'), 'utf8')) as LoadVerdict
  expect(told.criteria.find(({name}) => name === 'P95')).toMatchObject({target: '< 200 ms', result: 'fail'})
  expect(told.peaks.map(({zone}) => zone)).toEqual(['warning', 'critical', 'safe'])
  expect(told.next.users).toBe(60)
  expect(told.next.conditions.find(({name}) => name === 'predicted active sessions')!.limit).toBe('<= 4')
})

describe('runs of lower steps', () => {
  const asked = ['good.jsonl', '--locust', 'good', '--format', 'json']
  const next = async (...args: string[]) => JSON.parse((await verdict(...asked, ...args)).stdout) as LoadVerdict

  test('the prediction is made from all steps, and says so', async () => {
    expect((await next()).next.basedOn).toEqual([50])
    for (const clients of [[], ['--locust', 'none', '--locust', 'good30']]) {
      const told = await next('--earlier', 'good10.jsonl', '--earlier', 'good30.jsonl', ...clients)
      expect(told.next.basedOn).toEqual([10, 30, 50])
      const {note} = told.next.conditions.find(({name}) => name === 'predicted active sessions')!
      expect(note).toBe('estimated for 100 users, from steps with 10, 30, 50')
    }
  })

  test('one that is no lower step is left out, and said to be', async () => {
    const told = await next('--earlier', 'good.jsonl')
    expect(told.next.basedOn).toEqual([50])
    expect(told.warnings).toContain('good has no step below 50 users: nothing is predicted from it')
  })

  test.each([
    [['--locust', 'good'], /1 run, but --locust is given 2 times/],
    [['--earlier', 'good10.jsonl', '--locust', 'a', '--locust', 'b'], /2 runs, but --locust is given 3 times/],
    [['--earlier', 'none.jsonl'], /none\.jsonl: cannot be read/],
  ])('%j: exit 2', async (args, message) => {
    const {code, stderr} = await verdict(...asked, ...args)
    expect(code).toBe(2)
    expect(stderr).toMatch(message)
  })
})

test('k6 tells no times: they are told, or it is said', async () => {
  const trend = {avg: 100, min: 1, med: 90, max: 900, 'p(90)': 200, 'p(95)': 300, 'p(99)': 400}
  const metrics = {
    http_reqs: {count: 2000, rate: 20},
    http_req_duration: trend,
    http_req_failed: {passes: 0, fails: 2000, value: 0},
    vus_max: {value: 50, min: 50, max: 50},
  }
  file('k6.json', JSON.stringify({metrics, root_group: {name: '', path: '', id: '', groups: {}, checks: {}}}))
  const told = await verdict('good.jsonl', '--k6', 'k6.json', '--from', '1800000010', '--to', '2027-01-15T08:01:30Z')
  expect(told.stdout).toContain('2027-01-15 08:00:10 to 2027-01-15 08:01:30 UTC')
  expect(told.stdout).toMatch(/P95 +< 750 ms +300 ms +pass/)
  expect((await verdict('good.jsonl', '--k6', 'k6.json')).stdout).toContain('--from, --to')
})

test('markdown for a ticket', async () => {
  const {stdout} = await verdict('story.jsonl', '--locust', 'story', '-f', 'markdown')
  for (const heading of ['Success: FAILED', 'Bottlenecks', 'Failures', 'Peaks', 'Action items', 'Ready for 100 users'])
    expect(stdout).toContain(`\n## ${heading}`)
})

test('a run that was killed is judged, and said to be', async () => {
  const text = readFileSync(join(folder, 'story.jsonl'), 'utf8')
  file('killed.jsonl', text.slice(0, Math.floor(text.length * 0.7)))
  const {code, stdout} = await verdict('killed.jsonl', '--locust', 'story')
  expect(code).toBe(1)
  expect(stdout).toContain('the file breaks off')
})

describe('usage', () => {
  test.each([
    [['story.jsonl', '--locust', 'story', '--k6', 'x.json'], 'locust'],
    [['story.jsonl', '--cpu-peak', '101'], '"101" is no percentage'],
    [['story.jsonl', '--phase', 'medum'], 'medum'],
    [['story.jsonl', '--locust', 'nothing'], 'there is no nothing_stats.csv'],
    [['nothing.jsonl'], 'nothing.jsonl'],
    [['story.jsonl', '--k6', 'x.json', '--from', '1800000100', '--to', '1800000000'], '--from is not before --to'],
    [[], 'run'],
  ])('%j', async (args, message) => {
    const {code, stdout, stderr} = await verdict(...args)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr.toLowerCase()).toContain(message.toLowerCase())
    expect(stderr.trim().split('\n')).toHaveLength(1)
  })
})
