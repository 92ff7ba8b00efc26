import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll} from 'vitest'

/** A folder of this test file, and a function that writes a file into it and gives its path. */
export function temporaryFiles() {
  const folder = mkdtempSync(join(tmpdir(), 'ahsp-db-clients-'))
  afterAll(() => rmSync(folder, {recursive: true}))
  const write = (name: string, content: string | Buffer) => {
    writeFileSync(join(folder, name), content)
    return join(folder, name)
  }
  return {folder, write}
}

const PERCENTILES = '50%,66%,75%,80%,90%,95%,98%,99%,99.9%,99.99%'
const NONE = Array(11).fill('N/A').join(',')
const crlf = (lines: string[]) => lines.map(line => `${line}\r\n`).join('')

const STATS_HEAD =
  'Type,Name,Request Count,Failure Count,Median Response Time,Average Response Time,Min Response Time,Max Response Time,Average Content Size,Requests/s,Failures/s'

/** Locust writes lines that end in CR LF. */
export const STATS = crlf([
  `${STATS_HEAD},${PERCENTILES},100%`,
  'GET,/,900,1,12,15.5,3,410,1024.0,30.0,0.03,12,14,17,19,28,40,90,150,400,410,410',
  'POST,/login,100,20,210,260.25,80,1900,55.0,3.3,0.67,210,240,280,300,500,700,1200,1500,1900,1900,1900',
  ',Aggregated,1000,21,14,39.975,3,1900,927.1,33.3,0.7,14,17,22,30,110,240,500,800,1900,1900,1900',
])

export const STATS_1_1 = crlf([
  `${STATS_HEAD},${PERCENTILES},99.999%,100%`,
  'GET,/,10,0,12,15.5,3,41,1024.0,30.0,0.03,12,14,17,19,28,40,40,40,40,40,40,41',
  ',Aggregated,10,0,12,15.5,3,41,1024.0,30.0,0.03,12,14,17,19,28,40,40,40,40,40,40,41',
])

const HISTORY_HEAD = `Timestamp,User Count,Type,Name,Requests/s,Failures/s,${PERCENTILES},100%,Total Request Count,Total Failure Count,Total Median Response Time,Total Average Response Time,Total Min Response Time,Total Max Response Time,Total Average Content Size`
export const START = 1_800_000_000

/** One row of all requests; percentiles are 10 times those of the argument. */
export const historyRow = (
  second: number,
  users: number,
  requests: number,
  failures: number,
  mean: number,
  tens = '',
) => {
  const percentiles = tens === '' ? NONE : Array(11).fill(`${tens}0`).join(',')
  return `${START + second},${users},,Aggregated,3.000000,0.000000,${percentiles},${requests},${failures},12,${mean},3,1900,927.1`
}
export const history = (rows: string[]) => crlf([HISTORY_HEAD, ...rows])

export const HISTORY = history([
  historyRow(0, 0, 0, 0, 0),
  historyRow(1, 5, 10, 0, 10, '1'),
  historyRow(2, 10, 30, 1, 20, '2'),
  historyRow(3, 10, 60, 3, 30, '3'),
])

const endpointRow = (second: number, name: string, requests: number, p50: number) =>
  `${START + second},10,GET,${name},3.000000,0.000000,${Array(11).fill(p50).join(',')},${requests},0,${p50},${p50}.5,3,1900,927.1`

export const FULL_HISTORY = history([
  historyRow(0, 0, 0, 0, 0),
  endpointRow(1, '/', 10, 10),
  '1800000001,10,GET,"/search?q=a, ""b""",1,0,20,20,20,20,20,20,20,20,20,20,20,5,0,20,20.5,3,44,1',
  historyRow(1, 10, 15, 0, 10, '1'),
  endpointRow(2, '/', 30, 12),
  historyRow(2, 10, 35, 0, 20, '2'),
  endpointRow(3, '/', 31, 0),
  historyRow(3, 10, 36, 0, 20, '0'),
])

export const FAILURES = crlf([
  'Method,Name,Error,Occurrences',
  'POST,/login,"HTTPError(\'500 Server Error\r\n  for url: ""/login"", again\')",20',
  'GET,/,ConnectionRefusedError(111),1',
])

export const FAILURES_2_44 = crlf([
  'Method,Name,Error,Occurrences,First Seen,Last Seen',
  `POST,/login,boom,20,${START}.5,${START + 9}`,
])

export const EXCEPTIONS = crlf([
  'Count,Message,Traceback,Nodes',
  '3,division by zero,"  File ""x.py"", line 1\n    1/0\n",local',
])

const CSV_TAGS =
  'check,error,error_code,expected_response,group,method,name,proto,scenario,service,status,subproto,tls_version,url,extra_tags,metadata'
type Sample = {
  metric: string
  at: string | number
  value: number
  method?: string
  name?: string
  status?: string
  error?: string
  code?: string
}
const k6Line = ({metric, at, value, method = '', name = '', status = '', error = '', code = ''}: Sample) =>
  `${metric},${at},${value.toFixed(6)},,${error},${code},,,${method},${name},HTTP/1.1,default,,${status},,,${name},,`
export const k6Csv = (samples: Sample[]) =>
  [`metric_name,timestamp,metric_value,${CSV_TAGS}`, ...samples.map(k6Line), ''].join('\n')

/** The three samples of a request that are read, and one that is not. */
export const k6Request = (at: string | number, ms: number, tags: Partial<Sample> & {failed?: boolean}): Sample[] => {
  const {failed = false, ...rest} = tags
  const sample = (metric: string, value: number) => ({
    method: 'GET',
    name: '/',
    status: '200',
    ...rest,
    metric,
    at,
    value,
  })
  return [
    sample('http_reqs', 1),
    sample('http_req_duration', ms),
    sample('http_req_blocked', 0.1),
    sample('http_req_failed', failed ? 1 : 0),
  ]
}
export const k6JsonLines = (samples: Sample[]) =>
  [
    '{"type":"Metric","data":{"name":"http_reqs","type":"counter","contains":"default","thresholds":[],"submetrics":null},"metric":"http_reqs"}',
    ...samples.map(({metric, at, value, code, ...tags}) =>
      JSON.stringify({
        metric,
        type: 'Point',
        data: {time: new Date(Number(at) * 1000).toISOString(), value, tags: {...tags, error_code: code}},
      }),
    ),
    '',
  ].join('\n')

const trend = {avg: 120.5, min: 3, med: 90, max: 900, 'p(90)': 200, 'p(95)': 300}
export const SUMMARY_EXPORT = {
  root_group: {name: '', path: '', id: 'd41d8cd98f00b204e9800998ecf8427e', groups: {}, checks: {}},
  metrics: {
    http_reqs: {count: 600, rate: 20},
    http_req_duration: {...trend, thresholds: {'p(95)<500': false, 'p(99)<600': true}},
    http_req_failed: {value: 0.05, passes: 30, fails: 570},
    vus: {value: 1, min: 1, max: 50},
    iterations: {count: 600, rate: 20},
  },
}
export const HANDLE_SUMMARY = {
  root_group: {},
  options: {
    summaryTrendStats: ['avg', 'min', 'med', 'max', 'p(90)', 'p(95)', 'p(99)'],
    summaryTimeUnit: '',
    noColor: false,
  },
  state: {isStdOutTTY: true, isStdErrTTY: true, testRunDurationMs: 30_000},
  metrics: {
    http_reqs: {type: 'counter', contains: 'default', values: {count: 600, rate: 20}},
    http_req_duration: {
      type: 'trend',
      contains: 'time',
      values: {...trend, 'p(99)': 700},
      thresholds: {'p(95)<500': {ok: true}, 'p(99)<600': {ok: false}},
    },
    http_req_failed: {type: 'rate', contains: 'default', values: {rate: 0.05, passes: 30, fails: 570}},
    vus: {type: 'gauge', contains: 'default', values: {value: 1, min: 1, max: 50}},
  },
}
export const MACHINE_READABLE = {
  config: {duration: 30, execution: 'local', script: 'test.js'},
  metadata: {generatedAt: '2027-01-15T09:00:30.25+01:00', k6Version: '1.5.0'},
  results: {
    checks: {metrics: [], results: []},
    metrics: [
      {name: 'http_reqs', type: 'counter', contains: 'default', values: {count: 600}},
      {name: 'http_req_duration', type: 'trend', contains: 'time', values: trend},
      {name: 'http_req_failed', type: 'rate', contains: 'default', values: {matches: 30, total: 600, rate: 0.05}},
      {name: 'vus', type: 'gauge', contains: 'default', values: {max: 50, min: 1, value: 1}},
    ],
  },
  version: '1.0.0',
}
