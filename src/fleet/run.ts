import {setMaxListeners} from 'node:events'
import type {TargetConfig} from '../config.js'
import {CliError, EXIT} from '../errors.js'
import {VERSION} from '../version.js'
import {byWorst} from './rank.js'
import {type Outcome, rowNotRead, rowOf, rowOfError} from './row.js'
import {makeSlots, type Slot} from './slots.js'
import type {FleetReport, FleetRow} from './types.js'

/** How one target is read and judged; `onSession` is awaited as soon as there is a session, `isGivenUp`: nobody waits. */
export type CheckTarget = (
  target: TargetConfig,
  hooks: {signal: AbortSignal; onSession: () => Promise<void>; isGivenUp: () => boolean},
) => Promise<Outcome>

export type FleetOptions = {
  /** targets that are read at once */
  jobs: number
  /** milliseconds for each target, from its turn on */
  deadlineMs: number
  /** the run is to end, with what is there */
  signal: AbortSignal
  /** exit code of targets whose turn never came */
  interruptedExit: () => number
  tags?: readonly string[]
  onProgress?: (done: number, total: number) => void
  onRow?: (row: FleetRow) => void
}

/** Without a session after this long a target lets others work; so many of them for each job. */
const CONNECT_MS = 1000
const WAITING_PER_JOB = 4
/** The deadline's own means get this long: then the target is given up, whatever it waits for. */
const GRACE_MS = 10_000
const INTERRUPT_GRACE_MS = 2000

/** Reads all targets, a few at once. Never throws for a target: its error is its row. */
export async function runFleet(
  targets: readonly TargetConfig[],
  check: CheckTarget,
  options: FleetOptions,
): Promise<FleetReport> {
  const at = Date.now() / 1000
  const started = performance.now()
  // One for each target that is being read.
  setMaxListeners(0, options.signal)
  const take = makeSlots(options.jobs, options.jobs * WAITING_PER_JOB)
  let done = 0
  const rows = await Promise.all(
    targets.map(async target => {
      const slot = await take()
      const row = await rowFor(target, check, slot, options)
      done += 1
      options.onProgress?.(done, targets.length)
      options.onRow?.(row)
      return row
    }),
  )
  return {
    format: 'ahsp-db/fleet',
    version: 1,
    tool: VERSION,
    at,
    seconds: secondsSince(started),
    tags: [...(options.tags ?? [])],
    rows: rows.sort(byWorst),
  }
}

async function rowFor(
  target: TargetConfig,
  check: CheckTarget,
  slot: Slot,
  {signal, deadlineMs, interruptedExit}: FleetOptions,
): Promise<FleetRow> {
  if (signal.aborted) {
    slot.release()
    return rowNotRead(target, Date.now() / 1000, interruptedExit())
  }
  const started = performance.now()
  const own = new AbortController()
  let isOver = false
  const limit = giveUp(signal, own, deadlineMs)
  const lending = setTimeout(() => slot.lend(), CONNECT_MS)
  const onSession = async () => {
    clearTimeout(lending)
    await slot.regain()
  }
  try {
    const work = check(target, {signal: own.signal, onSession, isGivenUp: () => isOver})
    return rowOf(target, await Promise.race([work, limit.reached]), secondsSince(started))
  } catch (error) {
    return rowOfError(target, error, Date.now() / 1000, secondsSince(started))
  } finally {
    clearTimeout(lending)
    isOver = true
    limit.dispose()
    own.abort()
    slot.release()
  }
}

/** `reached` only rejects: after the deadline, or soon after the run was interrupted. */
function giveUp(signal: AbortSignal, own: AbortController, deadlineMs: number) {
  let timer: NodeJS.Timeout
  let onAbort = () => {}
  const reached = new Promise<never>((_, reject) => {
    const give = (code: 'DEADLINE' | 'INTERRUPTED', text: string) => {
      const exit = code === 'DEADLINE' ? EXIT.deadline : EXIT.interrupted
      reject(new CliError(code, exit, text, 'check this target alone, or give it longer with --timeout'))
    }
    const waited = `no answer within ${Math.round(deadlineMs / 1000)} s`
    timer = setTimeout(give, deadlineMs + GRACE_MS, 'DEADLINE', waited)
    onAbort = () => {
      own.abort()
      clearTimeout(timer)
      timer = setTimeout(give, INTERRUPT_GRACE_MS, 'INTERRUPTED', 'interrupted before it answered')
    }
    signal.addEventListener('abort', onAbort)
  })
  const dispose = () => {
    clearTimeout(timer)
    signal.removeEventListener('abort', onAbort)
  }
  return {reached, dispose}
}

const secondsSince = (started: number) => Math.round(performance.now() - started) / 1000
