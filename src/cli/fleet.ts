import {type Config, loadConfig, type TargetConfig} from '../config.js'
import {EXIT, usageError} from '../errors.js'
import {exitCodeOfFleet} from '../fleet/rank.js'
import {runFleet} from '../fleet/run.js'
import {selectTargets} from '../fleet/targets.js'
import type {FleetReport} from '../fleet/types.js'
import {isFile} from '../history/run-file.js'
import {renderFleet} from '../render/fleet.js'
import {isMachineFormat, type MachineOptions, renderOutcomes} from '../render/machine.js'
import {rules} from '../rules/index.js'
import {onSignal, receivedSignal} from './acquire.js'
import {checkTarget, type KeptOutcome, type TargetFlags} from './fleet-target.js'
import {withFlags} from './judge.js'
import {startProgress} from './progress.js'
import {duration} from './quantity.js'
import {isForMonitor, orFailure, type Sink, shapeOf, sinksOf, writeSinks} from './sinks.js'

export type FleetFlags = TargetFlags & {
  tag?: string[]
  jobs?: number
  format?: string[]
  output?: string
  brief?: boolean
}

export const DEFAULT_JOBS = 8
/** In the name of a file: each target has its own. */
const NAME = '{name}'
/** Rates of a pooler need two looks: as long as nothing else is asked for. */
const POOLER_WINDOW_MS = 2000

/** Checks every target of the configuration; prints the fleet, and sets the exit code of the worst target. */
export async function checkFleet(flags: FleetFlags, conninfo: string | undefined): Promise<void> {
  const {fleetSinks, targetSinks} = sinksOfFleet(flags)
  const {file, targets} = await orFailure(fleetSinks, () => selected(flags, conninfo))
  const isKept = fleetSinks.some(({format}) => isMachineFormat(format))
  const outcomes: KeptOutcome[] = []
  const fleet = await readAll(flags, file, targets, targetSinks, isKept ? outcomes : null)
  const order = fleet.rows.map(({name}) => name)
  outcomes.sort((a, b) => order.indexOf(a.name!) - order.indexOf(b.name!))
  const failOn = flags['fail-on']
  const failure = await writeSinks(fleetSinks, sink => textOf(sink, fleet, outcomes, {failOn}, flags.full))
  process.exitCode = isForMonitor(fleetSinks) ? await monitorCode(outcomes, {failOn}) : exitCodeOfFleet(fleet.rows)
  if (failure) throw failure
}

/** Throws (exit 2) for what fits one server only. */
function sinksOfFleet(flags: FleetFlags): {fleetSinks: Sink[]; targetSinks: Sink[]} {
  const sinks = sinksOf(flags)
  const isOfTarget = ({file}: Sink) => file?.includes(NAME) ?? false
  const targetSinks = sinks.filter(isOfTarget)
  const others = sinks.filter(sink => !isOfTarget(sink))
  if (others.some(({format}) => format === 'html')) {
    throw usageError('a page shows one server', "give each target its own: --format 'html={name}.html'")
  }
  // Files for each target leave the terminal to the fleet.
  return {targetSinks, fleetSinks: others.length > 0 ? others : [{format: 'table', file: undefined}]}
}

async function selected(
  flags: FleetFlags,
  conninfo: string | undefined,
): Promise<{file: Config; targets: TargetConfig[]}> {
  if (conninfo !== undefined) {
    throw usageError('a connection was given together with --all or --tag', 'leave out one of them')
  }
  if (flags.baseline !== undefined && isFile(flags.baseline)) {
    throw usageError('--baseline FILE is of one server', 'compare many with --baseline last or 7d')
  }
  const file = await loadConfig(flags.config, rules, process.env, {connection: 'ignore', consoles: 'ignore'})
  // A flag that is no quantity is told once, not by each target.
  withFlags(flags, file)
  return {file, targets: selectTargets(file, flags.tag ?? [])}
}

async function readAll(
  flags: FleetFlags,
  file: Config,
  targets: TargetConfig[],
  sinks: Sink[],
  outcomes: KeptOutcome[] | null,
): Promise<FleetReport> {
  const windowMs = flags.window === undefined ? POOLER_WINDOW_MS : duration('--window', flags.window)
  const deadlineMs = duration('--timeout', flags.timeout) + windowMs
  const progress = startProgress()
  const stop = onSignal()
  const own = sinks.map(sink => ({...sink, fileOf: (name: string) => sink.file!.replaceAll(NAME, name)}))
  try {
    return await runFleet(targets, checkTarget(flags, file, own, outcomes), {
      jobs: flags.jobs ?? DEFAULT_JOBS,
      deadlineMs,
      signal: stop.signal,
      interruptedExit: () => (receivedSignal === 'SIGTERM' ? EXIT.terminated : EXIT.interrupted),
      tags: flags.tag,
      onProgress: (done, total) => progress.update(`${done} of ${total} targets`),
      onRow: ({name, counts, error}) => {
        if (counts === null) outcomes?.push({name, report: null, counted: null, snapshot: null, ...(error && {error})})
      },
    })
  } finally {
    stop.dispose()
    progress.stop()
  }
}

function textOf(
  sink: Sink,
  fleet: FleetReport,
  outcomes: KeptOutcome[],
  options: MachineOptions,
  full?: boolean,
): Promise<string> {
  const {format} = sink
  if (format === 'nagios') return renderOutcomes(countedOf(outcomes), format, options)
  if (isMachineFormat(format)) return renderOutcomes(outcomes, format, options)
  if (format === 'html') throw new Error('a page shows one server')
  return renderFleet(fleet, format, {...shapeOf(sink), full})
}

const countedOf = (outcomes: KeptOutcome[]) => outcomes.map(({counted, ...rest}) => ({...rest, report: counted}))

async function monitorCode(outcomes: KeptOutcome[], options: MachineOptions): Promise<number> {
  const {NAGIOS_CODES, nagiosState} = await import('../render/nagios.js')
  return NAGIOS_CODES[nagiosState(countedOf(outcomes), options)]
}
