import {CliError, EXIT} from '../errors.js'
import type {Snapshot} from '../snapshot.js'
import type {Planner} from '../whatif/planner.js'
import {acquireSnapshot, receivedSignal} from './acquire.js'
import {configure} from './judge.js'
import type {PlanningRequest} from './planning.js'
import type {WorkloadSource} from './workload.js'

type PlanningFlags = WorkloadSource & {
  config?: string
  debug?: boolean
  timeout: string
  snapshot?: string
  planner: Planner['kind']
}

/** What the flags of a command that plans ask for, and the snapshot of the server or of the file. */
export async function planningRequest(
  {snapshot: file, ...flags}: PlanningFlags,
  given: string | undefined,
): Promise<{request: PlanningRequest; snapshot: Snapshot}> {
  const files = file === undefined ? undefined : [file]
  const {config} = await configure({config: flags.config, snapshot: files}, given)
  const {connection: conninfo} = config
  const {queries, log, prefix, planner, timeout, debug} = flags
  const snapshot = await acquireSnapshot({conninfo, snapshot: files, timeout, debug})
  if (file === undefined && snapshot.cutShortBy === 'signal') {
    const exit = receivedSignal === 'SIGTERM' ? EXIT.terminated : EXIT.interrupted
    throw new CliError('INTERRUPTED', exit, 'interrupted while the server was read', 'nothing was planned')
  }
  return {request: {conninfo, file, queries, log, prefix, planner}, snapshot}
}
