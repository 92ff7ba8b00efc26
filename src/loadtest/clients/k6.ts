import type {ClientOptions, ClientRun} from '../client.js'
import {csvReader} from './csv.js'
import {type TextInput, unknownFile, withText} from './input.js'
import {type Samples, sampleCollector} from './k6-samples.js'
import {summaryOf} from './k6-summary.js'
import {lineReader} from './lines.js'
import {numberOf, sane, timeOf} from './values.js'

/** A summary is small; anything larger is something else. */
const LARGEST_SUMMARY = 1 << 26

/**
 * Reads what k6 wrote: --summary-export, the data of handleSummary(), the machine-readable summary of 1.5 and later,
 * or the samples of --out csv and --out json, plain or gzip. Throws CliError when it is none of them.
 */
export async function readK6(file: string, options: ClientOptions = {}): Promise<ClientRun> {
  return withText(file, text => {
    if (text.head.trim() === '') throw unknownFile(file, 'is empty')
    if (/^"?metric_name"?,/.test(text.head)) return readCsv(text, options)
    if (!text.head.trimStart().startsWith('{')) throw unknownFile(file, 'is not an output of k6')
    return isSample(text.head.trimStart().split('\n', 1)[0]!)
      ? readJsonLines(text, options)
      : readSummary(text, options)
  })
}

const COLUMNS = ['method', 'name', 'url', 'status', 'error', 'error_code'] as const

async function readCsv(text: TextInput, options: ClientOptions): Promise<ClientRun> {
  const samples = sampleCollector()
  let header: string[] | null = null
  let at: number[] = []
  const reader = csvReader(
    fields => {
      if (!header) {
        header = fields
        at = ['metric_name', 'timestamp', 'metric_value', ...COLUMNS].map(name => fields.indexOf(name))
        return
      }
      const [metric, time, value, ...tags] = at.map(i => fields[i] ?? '')
      const [method, name, url, status, error, code] = tags
      const whole = fields.length === header.length
      samples.add(whole ? metric! : '', timeOf(time), numberOf(value), {method, name, url, status, error, code})
    },
    () => header?.length ?? -1,
  )
  await text.each(piece => reader.push(piece))
  const end = reader.end()
  if (!header) throw unknownFile(text.name, 'breaks off in its header')
  if (at[1]! < 0 || at[2]! < 0) throw unknownFile(text.name, 'lacks the columns timestamp or metric_value')
  return runOf('k6 csv', text, samples, end.complete ? null : end.line, options)
}

/** The first line of --out json: `{"metric":"vus","type":"Point","data":{...}}`. */
function isSample(line: string): boolean {
  const first = parsed(line)
  return (first?.type === 'Metric' || first?.type === 'Point') && typeof first.data === 'object'
}

function parsed(line: string): Record<string, unknown> | null {
  try {
    const value = JSON.parse(line) as unknown
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null
  } catch {
    return null
  }
}

type Point = {time?: unknown; value?: unknown; tags?: Record<string, unknown> | null}

async function readJsonLines(text: TextInput, options: ClientOptions): Promise<ClientRun> {
  const samples = sampleCollector()
  const reader = lineReader(line => {
    const sample = parsed(line)
    if (!sample) return samples.add('', null, null, {})
    if (sample.type !== 'Point') return
    const {time, value, tags} = (sample.data ?? {}) as Point
    const tag = (name: string) => (typeof tags?.[name] === 'string' ? (tags[name] as string) : '')
    samples.add(String(sample.metric), timeOf(String(time)), sane(value), {
      method: tag('method'),
      name: tag('name'),
      url: tag('url'),
      status: tag('status'),
      error: tag('error'),
      code: tag('error_code'),
    })
  })
  await text.each(piece => reader.push(piece))
  return runOf('k6 json', text, samples, reader.end(), options)
}

function runOf(
  format: string,
  text: TextInput,
  samples: Samples,
  cut: number | null,
  options: ClientOptions,
): ClientRun {
  const run = samples.end()
  const problem = text.problem()
  const notes = [
    problem && `${text.name} ends too early: ${problem}.`,
    !problem && cut && `${text.name} breaks off in line ${cut}: what was whole before it is used.`,
    run.from === null && 'It has no sample of a request or a user.',
  ].filter(note => typeof note === 'string')
  const {from, to} = run.from === null ? {from: options.from ?? null, to: options.to ?? null} : run
  return {tool: 'k6', format, ...run, from, to, exceptions: [], thresholds: [], notes: [...notes, ...run.notes]}
}

async function readSummary(text: TextInput, options: ClientOptions): Promise<ClientRun> {
  const pieces: string[] = []
  let length = 0
  await text.each(piece => {
    length += piece.length
    if (length <= LARGEST_SUMMARY) pieces.push(piece)
  })
  const whole = length <= LARGEST_SUMMARY ? parsed(pieces.join('')) : null
  if (!whole)
    throw unknownFile(text.name, length > LARGEST_SUMMARY ? 'is too large for a summary' : 'is cut off, or no JSON')
  const run = summaryOf(whole, options)
  if (!run) throw unknownFile(text.name, 'is JSON, but no summary of k6')
  return run
}
