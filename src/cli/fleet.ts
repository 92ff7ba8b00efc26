import {stat} from 'node:fs/promises'
import {dirname} from 'node:path'
import {type Config, loadConfig, type TargetConfig} from '../config.js'
import {CliError, EXIT, usageError} from '../errors.js'
import {exitCodeOfFleet} from '../fleet/rank.js'
import {runFleet} from '../fleet/run.js'
import {selectTargets} from '../fleet/targets.js'
import type {FleetReport} from '../fleet/types.js'
import {isFile} from '../history/run-file.js'
import {renderFleet} from '../render/fleet.js'
import {isMachineFormat, type MachineOptions} from '../render/machine.js'
import {rules} from '../rules/index.js'
import {onSignal, receivedSignal} from './acquire.js'
import {type Kept, keep} from './fleet-kept.js'
import {checkTarget, type TargetFlags} from './fleet-target.js'
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
  const {file, targets} = await orFailure(fleetSinks, () => selected(flags, conninfo, targetSinks))
  const kept = await keep(fleetSinks.map(({format}) => format).filter(isMachineFormat))
  const fleet = await readAll(flags, file, targets, targetSinks, kept)
  const options = {failOn: flags['fail-on'], full: flags.full}
  const failure = await writeSinks(fleetSinks, sink => textOf(sink, fleet, kept, options))
  process.exitCode = isForMonitor(fleetSinks) ? await kept.monitorCode(options) : exitCodeOfFleet(fleet.rows)
  if (failure) throw failure
}

/** A page for each target, and the fleet on the terminal; without -o they are called {name}.html. */
export async function reportFleet(
  flags: Omit<FleetFlags, 'format' | 'brief'> & {output: string; webhook?: unknown},
  conninfo: string | undefined,
  isDefault: boolean,
): Promise<void> {
  if (flags.webhook !== undefined) {
    throw usageError('--webhook sends the summary of one server', 'run ahsp-db report NAME --webhook for each')
  }
  const page = isDefault ? `${NAME}.html` : flags.output
  return checkFleet({...flags, output: undefined, format: ['table', `html=${page}`]}, conninfo)
}

/** Throws (exit 2) for what fits one server only. */
function sinksOfFleet(flags: FleetFlags): {fleetSinks: Sink[]; targetSinks: Sink[]} {
  const sinks = sinksOf(flags)
  const isOfTarget = ({file}: Sink) => file?.includes(NAME) ?? false
  const targetSinks = sinks.filter(isOfTarget)
  const others = sinks.filter(sink => !isOfTarget(sink))
  if (others.some(({format}) => format === 'html')) {
    throw usageError(
      'a page shows one server',
      "give each target its own, with {name} in the file's name, e.g. html={name}.html",
    )
  }
  // Files for each target leave the terminal to the fleet.
  return {targetSinks, fleetSinks: others.length > 0 ? others : [{format: 'table', file: undefined}]}
}

async function selected(
  flags: FleetFlags,
  conninfo: string | undefined,
  targetSinks: readonly Sink[],
): Promise<{file: Config; targets: TargetConfig[]}> {
  if (conninfo !== undefined) {
    throw usageError('a connection was given together with --all or --tag', 'leave out one of them')
  }
  if (flags.snapshot) throw usageError('--snapshot is of one server', 'leave out --all')
  if (flags.pgbouncer) {
    throw usageError('--pgbouncer is of one server', 'give each target its own: pgbouncer: {consoles: [...]}')
  }
  if (flags.baseline !== undefined && isFile(flags.baseline)) {
    throw usageError('--baseline FILE is of one server', 'compare many with --baseline last or 7d')
  }
  const file = await loadConfig(flags.config, rules, process.env, {connection: 'ignore', consoles: 'ignore'})
  // What would fail for every target is told once: a flag that is no quantity, a folder that is not there.
  withFlags(flags, file)
  for (const sink of targetSinks) await requireFolder(dirname(sink.file!))
  return {file, targets: selectTargets(file, flags.tag ?? [])}
}

async function requireFolder(folder: string): Promise<void> {
  if (folder.includes(NAME)) return
  const isFolder = await stat(folder).then(
    stats => stats.isDirectory(),
    () => false,
  )
  if (!isFolder) throw new CliError('OUTPUT', EXIT.output, `there is no folder ${folder}`, `mkdir -p ${folder}`)
}

async function readAll(
  flags: FleetFlags,
  file: Config,
  targets: TargetConfig[],
  sinks: Sink[],
  kept: Kept,
): Promise<FleetReport> {
  const windowMs = flags.window === undefined ? POOLER_WINDOW_MS : duration('--window', flags.window)
  const lockMs = flags['wait-lock'] === undefined ? 0 : duration('--wait-lock', flags['wait-lock'])
  const deadlineMs = duration('--timeout', flags.timeout) + windowMs + lockMs
  const progress = startProgress()
  const stop = onSignal()
  // Each lock is released at exit, too: no leak, however many there are.
  if (flags.save) process.setMaxListeners(0)
  const own = sinks.map(sink => ({...sink, fileOf: (name: string) => sink.file!.replaceAll(NAME, name)}))
  try {
    return await runFleet(targets, checkTarget(flags, file, own, kept), {
      jobs: flags.jobs ?? DEFAULT_JOBS,
      deadlineMs,
      signal: stop.signal,
      interruptedExit: () => (receivedSignal === 'SIGTERM' ? EXIT.terminated : EXIT.interrupted),
      tags: flags.tag,
      onProgress: (done, total) => progress.update(`${done} of ${total} targets`),
      onRow: ({name, counts, error}) => {
        if (counts === null) kept.add({name, report: null, snapshot: null, ...(error && {error})}, null, {})
      },
    })
  } finally {
    stop.dispose()
    progress.stop()
  }
}

async function textOf(
  sink: Sink,
  fleet: FleetReport,
  kept: Kept,
  options: MachineOptions & {full?: boolean},
): Promise<string> {
  const {format} = sink
  const names = fleet.rows.map(({name}) => name)
  if (isMachineFormat(format)) return kept.text(format, names, options)
  if (format === 'html') throw new Error('a page shows one server')
  return renderFleet(fleet, format, {...shapeOf(sink), full: options.full})
}
