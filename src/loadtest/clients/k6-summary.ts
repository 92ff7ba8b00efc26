import type {ClientOptions, ClientRun, ClientTotals} from '../client.js'
import {clip, sane, timeOf} from './values.js'

type Json = Record<string, unknown>
const MACHINE = 'k6 machine-readable summary'

type Threshold = ClientRun['thresholds'][number]
type Metric = {values: Json; thresholds: Threshold[]}

/** What the three shapes have in common. Times are seconds. */
type Summary = {
  format: string
  metrics: Map<string, Metric>
  duration: number | null
  /** when it was written: at the end of the run */
  written: number | null
}

/** Reads a summary of k6 in any of its three shapes; null: it is none of them. */
export function summaryOf(json: Json, options: ClientOptions): ClientRun | null {
  const summary = machineReadable(json) ?? older(json)
  if (!summary) return null
  const total = totalOf(summary)
  const {from, to, note} = timesOf(summary, total, options)
  const notes = [
    total.requests === 0 && 'There are no HTTP requests in it.',
    total.requests > 0 && total.failures === null && 'There is no metric http_req_failed: failures are unknown.',
    (total.failures ?? 0) > total.requests && 'It counts more failed requests than requests: it contradicts itself.',
    total.requests > 0 &&
      total.p99 === null &&
      summary.format !== MACHINE &&
      "It has no 99th percentile: --summary-trend-stats 'avg,med,p(95),p(99),max' adds it.",
    note,
  ]
  return {
    tool: 'k6',
    format: summary.format,
    from,
    to,
    total,
    points: [],
    endpoints: [],
    failures: [],
    exceptions: [],
    thresholds: [...summary.metrics.values()].flatMap(({thresholds}) => thresholds),
    notes: notes.filter(text => typeof text === 'string'),
  }
}

const objectOf = (value: unknown): Json | null =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : null

const numberIn = (values: Json | undefined, ...names: string[]): number | null => {
  return sane(names.map(name => values?.[name]).find(found => typeof found === 'number'))
}

/** Longer runs are none. */
const MONTH = 31 * 86_400
const durationIn = (values: Json | null, name: string, unit: number): number | null => {
  const value = numberIn(values ?? {}, name)
  return value !== null && value / unit <= MONTH ? value / unit : null
}

/** `{config: {duration}, metadata: {generatedAt}, results: {metrics: [{name, values}]}, version}` of k6 1.5 and later. */
function machineReadable(json: Json): Summary | null {
  const list = objectOf(json.results)?.metrics
  if (!Array.isArray(list)) return null
  const metrics = new Map<string, Metric>()
  for (const found of list) {
    const metric = objectOf(found)
    if (typeof metric?.name !== 'string') continue
    metrics.set(metric.name, {values: objectOf(metric.values) ?? {}, thresholds: []})
  }
  return {
    format: MACHINE,
    metrics,
    duration: durationIn(objectOf(json.config), 'duration', 1),
    written: timeOf(String(objectOf(json.metadata)?.generatedAt)),
  }
}

/** --summary-export has the values in the metric itself, the data of handleSummary() in `values`. */
function older(json: Json): Summary | null {
  const all = objectOf(json.metrics)
  if (!all) return null
  const metrics = new Map<string, Metric>()
  for (const [name, found] of Object.entries(all)) {
    const metric = objectOf(found)
    if (!metric) continue
    const thresholds = thresholdsOf(name, objectOf(metric.thresholds) ?? {})
    metrics.set(name, {values: objectOf(metric.values) ?? metric, thresholds})
  }
  const handled = Object.values(all).some(metric => objectOf(objectOf(metric)?.values))
  // Any JSON may have an object of this name.
  const known = [...metrics.keys()].some(name => /^(?:iterations|iteration_duration|data_sent|http_req)/.test(name))
  if (!known) return null
  return {
    format: handled ? 'k6 handleSummary' : 'k6 summary-export',
    metrics,
    duration: durationIn(objectOf(json.state), 'testRunDurationMs', 1000),
    written: null,
  }
}

/** A bare `true` says that the threshold was crossed, `{ok: true}` that it was kept. */
function thresholdsOf(metric: string, thresholds: Json): Threshold[] {
  return Object.entries(thresholds).flatMap(([expression, found]) => {
    const ok = typeof found === 'boolean' ? !found : objectOf(found)?.ok
    return typeof ok === 'boolean' ? [{metric: clip(metric), expression: clip(expression), ok}] : []
  })
}

function totalOf({metrics, duration}: Summary): ClientTotals {
  const requests = metrics.get('http_reqs')?.values
  const latency = metrics.get('http_req_duration')?.values
  const count = numberIn(requests, 'count') ?? 0
  return {
    requests: count,
    // The metric counts what is true: `passes` are the requests that failed.
    failures: count === 0 ? 0 : numberIn(metrics.get('http_req_failed')?.values, 'passes', 'matches'),
    requestsPerSecond: numberIn(requests, 'rate') ?? (duration ? count / duration : null),
    users: numberIn(metrics.get('vus')?.values, 'max'),
    mean: numberIn(latency, 'avg'),
    p50: numberIn(latency, 'med', 'p(50)'),
    p95: numberIn(latency, 'p(95)'),
    p99: numberIn(latency, 'p(99)'),
    max: numberIn(latency, 'max'),
  }
}

type Times = {from: number | null; to: number | null; note: string | null}

/** What was told counts; one end follows from the other and the duration. */
function timesOf({duration, written}: Summary, total: ClientTotals, options: ClientOptions): Times {
  const {from = null, to = null} = options
  const rate = total.requestsPerSecond
  const ofRate = rate && total.requests ? total.requests / rate : null
  const seconds = duration ?? (ofRate !== null && ofRate <= MONTH ? ofRate : null)
  const end = to ?? (from === null ? written : null)
  const start = from ?? (end !== null && seconds !== null ? end - seconds : null)
  const stop = end ?? (start !== null && seconds !== null ? start + seconds : null)
  if (start === null || stop === null) {
    return {from: start, to: stop, note: 'It has no times: --from and --to tell when the run was.'}
  }
  const guessed = from === null && to === null
  const note = guessed ? 'The run is taken to have ended when the summary was written; --from and --to tell it.' : null
  return {from: start, to: stop, note}
}
