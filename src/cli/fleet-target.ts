import type {Config, TargetConfig} from '../config.js'
import {EXIT} from '../errors.js'
import type {CheckTarget} from '../fleet/run.js'
import {withTarget} from '../fleet/targets.js'
import {render} from '../render/index.js'
import type {Outcome as RenderedOutcome} from '../render/outcome.js'
import type {Report} from '../report.js'
import type {Severity} from '../rule.js'
import type {Snapshot} from '../snapshot.js'
import {readServer} from './acquire.js'
import {judgeSince, newsOf, type Setup} from './earlier.js'
import {historyPlan, remember} from './history.js'
import {exitCodeOf, type JudgeFlags, withFlags} from './judge.js'
import {lockRun} from './lock-run.js'
import {duration} from './quantity.js'
import {reportOfRefusal} from './refusal.js'
import {type Sink, writeSinks} from './sinks.js'

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

type Judged = {report: Report; counted: Report; snapshot: Snapshot | null; diff?: Diff}
type Diff = Awaited<ReturnType<typeof judgeSince>>['diff']
/** What is kept for formats that need whole reports; `counted`: what counts for a monitor. */
export type KeptOutcome = RenderedOutcome & {counted: Report | null}
type OwnSink = Sink & {fileOf: (name: string) => string}

/**
 * Checks one target as the check of one server does, and writes its own files; without costing new indexes, which
 * takes a private server for each. `kept`: where whole reports are collected for formats that need all of them.
 */
export function checkTarget(
  flags: TargetFlags,
  file: Config,
  sinks: readonly OwnSink[],
  kept: KeptOutcome[] | null,
): CheckTarget {
  return async (target, {signal, onSession, isGivenUp}) => {
    const setup = withFlags(flags, withTarget(file, target, process.env))
    const {place} = historyPlan(flags.history, setup.config)
    const release = flags.save ? await lockRun(setup.config.connection, flags, place) : null
    try {
      const judged = await readAndJudge(setup, flags, {signal, onSession})
      const {report, counted, snapshot} = judged
      const failOn = flags['fail-on'] ?? setup.config.failOn
      const exit = snapshot ? exitCodeOf(counted, snapshot, failOn, flags.strict) : EXIT.connect
      // What is told as an error must not be there as a report, too.
      if (isGivenUp()) return {report, snapshot, exit}
      kept?.push({name: target.name, report, counted, snapshot: snapshot && slim(snapshot)})
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
): Promise<Judged> {
  const {pgbouncer, connection: conninfo} = setup.config
  const {window, deep, timeout, baseline} = flags
  try {
    const connectMs = duration('--timeout', timeout)
    const snapshot = await readServer({conninfo, pgbouncer, window, deep, timeout}, {...hooks, connectMs})
    const {place} = historyPlan(flags.history, setup.config)
    const {report, diff} = await judgeSince(snapshot, setup, {baseline, place})
    return {report, counted: flags['fail-on-new'] ? newsOf(report, diff) : report, snapshot, diff}
  } catch (error) {
    const report = await reportOfRefusal(error, setup.context)
    if (!report) throw error
    return {report, counted: report, snapshot: null}
  }
}

type Own = {sinks: readonly OwnSink[]; target: TargetConfig; full?: boolean}

const writeOwn = ({report, snapshot, diff}: Judged, {context}: Setup, {sinks, target, full}: Own) =>
  writeSinks(
    sinks.map(({format, fileOf}) => ({format, file: fileOf(target.name)})),
    ({format}) => render(report, format, {color: false, width: 80, full, page: {snapshot, context, diff}}),
  )

/** What fails after the report is there costs it no findings. */
async function save({report, snapshot}: Judged, {config}: Setup, flags: TargetFlags): Promise<unknown> {
  if (!flags.save || !snapshot) return null
  return remember(snapshot, report, historyPlan(flags.history, config)).then(
    () => null,
    (error: unknown) => error,
  )
}

/** The sections that formats for other programs look at. */
function slim(snapshot: Snapshot): Snapshot {
  const {settings, activity, databases, server} = snapshot.sections
  const few = activity.ok ? {...activity, data: {...activity.data, sessions: []}} : activity
  return {...snapshot, window: null, sections: {settings, activity: few, databases, server} as Snapshot['sections']}
}
