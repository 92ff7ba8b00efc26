import {basename} from 'node:path'
import {MIN_CALLS, type Workload} from '../advisor/workload.js'
import {hasPlan, waitsByDesign} from '../derive/statement-text.js'
import {usageError} from '../errors.js'
import {milliseconds, number} from '../units.js'
import {factsOf} from '../workload/facts.js'
import {type Executions, executionSink, type Shape} from './executions.js'
import {prefixMatcher} from './prefix.js'
import {readLog} from './read.js'
import type {FileReport} from './report.js'
import {commonText, withValues} from './values.js'

/** Of each statement, executions that are planned with their values. */
const PLANNED = 3
const MAX_STATEMENTS = 1000
/** When even the shortest statement took that long, the others were left out. */
const FILTERED_MS = 1

/**
 * The statements of PostgreSQL's logs, weighted by their calls, with real values of some of them. The SQL parser must be
 * loaded. Throws CliError for a file that cannot be read.
 */
export async function workloadOfLogs(names: readonly string[], prefix: string | undefined): Promise<Workload> {
  if (new Set(names).size < names.length) throw usageError('a log is given twice', 'give each file once')
  if (prefix !== undefined) prefixMatcher(prefix)
  const sink = executionSink()
  const files: FileReport[] = []
  for (const [at, name] of names.entries()) files.push(await readLog(name, at, sink, prefix))
  const executions = sink.finish()
  const statements = executions.shapes
    .filter(({calls}) => calls >= MIN_CALLS)
    .sort((a, b) => b.ms - a.ms || b.calls - a.calls)
    .flatMap(shape => statementOf(shape, names) ?? [])
  return {statements: statements.slice(0, MAX_STATEMENTS), notes: notesOf(executions, files, statements.length)}
}

function statementOf(shape: Shape, names: readonly string[]): Workload['statements'][number] | null {
  const texts = shape.kept.map(({text}) =>
    text.replace(/^(?:\s|--[^\n]*\n|\/\*[\s\S]*?\*\/)+/, '').replace(/[;\s]+$/, ''),
  )
  const sql = commonText(texts)
  if (!hasPlan(sql) || waitsByDesign(sql) || factsOf(sql).kind === 'catalog') return null
  const complete = texts.flatMap((text, at) => withValues(text, shape.kept[at]!.values) ?? [])
  const {calls, ms, first} = shape
  const id = `${basename(names[first.file]!)}:${first.line}`
  return {id, sql, calls, rows: null, totalMs: ms > 0 ? ms : null, ...samplesOf(complete)}
}

/** The most frequent ones, weighted by how often they were drawn. */
function samplesOf(texts: readonly string[]) {
  const counts = new Map<string, number>()
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1)
  const chosen = [...counts].sort(([, a], [, b]) => b - a).slice(0, PLANNED)
  const sum = chosen.reduce((all, [, count]) => all + count, 0)
  return sum > 0 ? {samples: chosen.map(([sql, count]) => ({sql, weight: count / sum}))} : {}
}

function notesOf({timed, shortestMs, left}: Executions, files: readonly FileReport[], found: number): string[] {
  const unread = files.filter(({lines, malformed}) => malformed > lines / 2)
  return [
    ...files.flatMap(({name, problem}) => (problem === undefined ? [] : [`${name}: ${problem}`])),
    ...unread.map(({name}) => `${name}: most of its lines could not be read`),
    ...(timed > 0 && shortestMs >= FILTERED_MS
      ? [
          `no statement of the log is shorter than ${milliseconds(shortestMs)}: it looks filtered, and its weights are not those of the workload`,
        ]
      : []),
    ...(left > 0
      ? [`${number(left)} executions of statements that are very long, or too many to tell apart, do not count`]
      : []),
    ...(found > MAX_STATEMENTS ? [`only the ${number(MAX_STATEMENTS)} statements with the most time are planned`] : []),
  ]
}
