import type {Config, TargetConfig} from '../config.js'
import {EXIT} from '../errors.js'
import type {CheckTarget} from '../fleet/run.js'
import {withTarget} from '../fleet/targets.js'
import type {TrendPoint} from '../history/trend.js'
import {render} from '../render/index.js'
import type {Report} from '../report.js'
import type {Severity} from '../rule.js'
import type {Snapshot} from '../snapshot.js'
import {readServer} from './acquire.js'
import {judgeSince, newsOf, type Setup} from './earlier.js'
import type {Kept} from './fleet-kept.js'
import {historyPlan, remember} from './history.js'
import {exitCodeOf, type JudgeFlags, withFlags} from './judge.js'
import {lockRun} from './lock-run.js'
import {duration} from './quantity.js'
import {reportOfRefusal} from './refusal.js'
import {type Sink, writeSinks} from './sinks.js'
import {trendOf} from './trend.js'

export type TargetFlags = JudgeFlags & {
  timeout: string
  window?: string
  deep?: boolean
  full?: boolean
  'fail-on'?: Severity
  'fail-on-new'?: boolean
  strict: boolean
  history?: string
  save?: boolean
  'wait-lock'?: string
}

type Judged = {report: Report; counted: Report; snapshot: Snapshot | null; diff?: Diff; trend?: TrendPoint[]}
type Diff = Awaited<ReturnType<typeof judgeSince>>['diff']
type OwnSink = Sink & {fileOf: (name: string) => string}

/**
 * Checks one target as the check of one server does, and writes its own files; without costing new indexes, which
 * takes a private server for each. `kept`: what formats need that are of all targets.
 */
export function checkTarget(flags: TargetFlags, file: Config, sinks: readonly OwnSink[], kept: Kept): CheckTarget {
  // Only the page shows trends, and they cost reading the history.
  const withTrend = sinks.some(({format}) => format === 'html')
  return async (target, {signal, onSession, isGivenUp}) => {
    const setup = withFlags(flags, withTarget(file, target, process.env))
    const {place} = historyPlan(flags.history, setup.config)
    const release = flags.save ? await lockRun(setup.config.connection, flags, place) : null
    try {
      const judged = await readAndJudge(setup, flags, {signal, onSession}, withTrend)
      const {report, counted, snapshot} = judged
      const failOn = flags['fail-on'] ?? setup.config.failOn
      const exit = snapshot ? exitCodeOf(counted, snapshot, failOn, flags.strict) : EXIT.connect
      // What is told as an error must not be there as a report, too.
      if (isGivenUp()) return {report, snapshot, exit}
      kept.add({name: target.name, report, snapshot}, counted, {failOn: flags['fail-on']})
      const failure =
        (await writeOwn(judged, setup, {sinks, target, full: flags.full})) ?? (await save(judged, setup, flags))
      return failure ? {report, snapshot, exit: EXIT.output, error: failure} : {report, snapshot, exit}
    } finally {
      await release?.()
    }
  }
}

async function readAndJudge(
  setup: Setup,
  flags: TargetFlags,
  hooks: {signal: AbortSignal; onSession: () => Promise<void>},
  withTrend: boolean,
): Promise<Judged> {
  const {pgbouncer, connection: conninfo} = setup.config
  const {window, deep, timeout, baseline} = flags
  try {
    const connectMs = duration('--timeout', timeout)
    const snapshot = await readServer({conninfo, pgbouncer, window, deep, timeout}, {...hooks, connectMs})
    const {place} = historyPlan(flags.history, setup.config)
    const trend = withTrend ? (await trendOf(snapshot, place)).points : []
    // Who asks for nothing is compared with the last run, and not told that there is none.
    const since = baseline ?? (trend.length > 0 ? 'last' : undefined)
    const {report, diff} = await judgeSince(snapshot, setup, {baseline: since, place})
    return {report, counted: flags['fail-on-new'] ? newsOf(report, diff) : report, snapshot, diff, trend}
  } catch (error) {
    const report = await reportOfRefusal(error, setup.context)
    if (!report) throw error
    return {report, counted: report, snapshot: null}
  }
}

type Own = {sinks: readonly OwnSink[]; target: TargetConfig; full?: boolean}

const writeOwn = ({report, snapshot, diff, trend}: Judged, {context}: Setup, {sinks, target, full}: Own) =>
  writeSinks(
    sinks.map(({format, fileOf}) => ({format, file: fileOf(target.name)})),
    ({format}) => render(report, format, {color: false, width: 80, full, page: {snapshot, context, diff, trend}}),
  )

/** What fails after the report is there costs it no findings. */
async function save({report, snapshot}: Judged, {config}: Setup, flags: TargetFlags): Promise<unknown> {
  if (!flags.save || !snapshot) return null
  return remember(snapshot, report, historyPlan(flags.history, config)).then(
    () => null,
    (error: unknown) => error,
  )
}
