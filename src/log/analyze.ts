import {usageError} from '../errors.js'
import {type CollectOptions, createCollector} from './collector.js'
import {type JudgeOptions, judgeLog} from './judge.js'
import {prefixMatcher} from './prefix.js'
import {readLog} from './read.js'
import type {FileReport, LogReport} from './report.js'

export type LogOptions = CollectOptions & JudgeOptions & {prefix?: string}

/**
 * Reads the logs one after the other, as one log, and judges them. Throws CliError for a file that cannot be read and
 * for a prefix that PostgreSQL would not take.
 */
export async function analyzeLogs(names: string[], options: LogOptions): Promise<LogReport> {
  if (new Set(names).size < names.length) throw usageError('a log is given twice', 'give each file once')
  if (options.prefix !== undefined) prefixMatcher(options.prefix)
  const collector = createCollector(options)
  const files: FileReport[] = []
  for (const [index, name] of names.entries()) files.push(await readLog(name, index, collector, options.prefix))
  return judgeLog(collector.finish(), files, options)
}
