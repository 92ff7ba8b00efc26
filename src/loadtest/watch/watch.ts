import {resolveConninfo} from '../../connect/conninfo.js'
import {isConsole} from '../../connect/pgbouncer.js'
import {type Connection, connect} from '../../connect/postgres.js'
import type {ConnectionSettings} from '../../connect/settings.js'
import {EXIT, usageError} from '../../errors.js'
import type {Snapshot} from '../../snapshot.js'
import {VERSION} from '../../version.js'
import {RUN_VERSION, type RunRecord, type RunStart} from '../record.js'
import {clockOffset, now} from './clock.js'
import {type Command, findProgram, redactedWords, startCommand} from './command.js'
import {type ConsoleWatch, watchConsoles} from './consoles.js'
import {type Display, openDisplay} from './display.js'
import {type Ending, watchForEnd} from './ending.js'
import {openRunFile, type RunFile} from './file.js'
import {prepare, type Sampling} from './sampling.js'
import {takeSnapshot, withRunAsWindow} from './snapshots.js'
import {every} from './ticks.js'

export type WatchRequest = {
  conninfo: string | undefined
  pgbouncer: readonly string[]
  users: number | null
  cpus: number | null
  /** undefined: until Ctrl-C, or the end of the command */
  durationMs: number | undefined
  output: string
  /** the command and its arguments; empty: none */
  command: readonly string[]
}

const PERIOD_MS = 1000

/**
 * Samples the server and its poolers into a file until the run ends, and returns the exit code: that of the command,
 * else 0 (143 after SIGTERM). Throws CliError for what keeps it from beginning, and when the file cannot be written.
 */
export async function watch(request: WatchRequest): Promise<number> {
  const [name, ...arguments_] = request.command
  const program = name === undefined ? null : findProgram(name, process.env)
  const settings = await resolveConninfo(request.conninfo, process.env)
  const consoles: ConsoleWatch[] = []
  const ending = watchForEnd()
  let display: Display | null = null
  let file: RunFile | null = null
  const emit = (record: RunRecord) => {
    file?.write(record)
    if (record.type !== 'run' && record.type !== 'snapshot') display?.add(record)
  }
  try {
    const connection = await connectServer(settings)
    consoles.push(...(await watchConsoles(request.pgbouncer, process.env, emit)))
    const clock = await clockOffset(connection)
    display = openDisplay({connection, startedAt: now(), users: request.users})
    file = openRunFile(request.output, failure => {
      display!.say(failure.line)
      ending.end('interrupted')
    })
    emit(startLine(request, connection, clock))
    const first = {open: async () => connection, consoles, signal: ending.signal}
    const start = await takeSnapshot(first)
    emit({type: 'snapshot', at: now(), when: 'start', snapshot: start})
    const sampling = await prepare({connection, settings, start, clock, consoles, emit})
    display.use(sampling.texts.textOf)
    for (const warning of sampling.warnings) display.say(`warning: ${warning}`)
    const command = program && !ending.signal.aborted ? startCommand(program, arguments_, display.output) : null
    if (command) ending.follow(command)
    if (request.durationMs !== undefined) ending.stopAfter(request.durationMs)
    return await sampleToTheEnd({sampling, start, consoles, command, ending, display, file, emit})
  } finally {
    ending.dispose()
    display?.close()
    file?.close()
    await Promise.all(consoles.map(console => console.close().catch(() => {})))
  }
}

async function connectServer(settings: ConnectionSettings): Promise<Connection> {
  const connection = await connect(settings)
  if (!isConsole(connection)) return connection
  await connection.close()
  throw usageError('this is the console of a PgBouncer', 'give the server itself, and the console with --pgbouncer')
}

const startLine = (request: WatchRequest, connection: Connection, clock: RunStart['clock']): RunStart => ({
  type: 'run',
  format: 'ahsp-db/run',
  version: RUN_VERSION,
  tool: VERSION,
  at: now(),
  target: connection.target,
  clock,
  users: request.users,
  command: request.command.length > 0 ? redactedWords(request.command) : null,
  cpus: request.cpus,
})

type Parts = {
  sampling: Sampling
  start: Snapshot
  consoles: readonly ConsoleWatch[]
  command: Command | null
  ending: Ending
  display: Display
  file: RunFile
  emit: (record: RunRecord) => void
}

async function sampleToTheEnd(parts: Parts): Promise<number> {
  const {sampling, consoles, command, ending, display, file, emit} = parts
  const loops = [sampling.server, ...consoles].map(each => {
    let last = 0
    const loop = every(
      PERIOD_MS,
      tick => {
        last = tick
        return each.tick(tick)
      },
      ending.signal,
    )
    return {...loop, finish: () => each.tick(last + 1, true)}
  })
  const exitCode = (await command?.done) ?? null
  await Promise.all(loops.map(({done}) => done))
  await Promise.all(loops.map(({finish}) => finish()))
  const notes = [...sampling.server.notes]
  const missed = loops[0]!.missed() + sampling.server.failed()
  display.ending()
  const failed = await takeLastSnapshot(parts)
  if (failed) notes.push(`no snapshot at the end: ${failed}`)
  emit({type: 'end', at: now(), reason: ending.reason, exitCode, missed, notes})
  await sampling.server.close()
  if (file.failure) throw file.failure
  display.summary(file.name, notes)
  return exitCode ?? (ending.isTerminated ? EXIT.terminated : EXIT.ok)
}

/** Why there is none. */
async function takeLastSnapshot({sampling, start, consoles, ending, file, emit}: Parts): Promise<string | null> {
  if (ending.hurry.aborted || file.failure) return 'not waited for'
  try {
    const end = await takeSnapshot({open: sampling.server.connection, consoles, signal: ending.hurry})
    if (end.cutShortBy) return `cut short by ${end.cutShortBy}`
    const {statementTexts} = end.sections
    if (statementTexts.ok) sampling.texts.learn(statementTexts.data)
    const watched = {start, looks: sampling.looks(), statements: sampling.statements(), consoles}
    emit({type: 'snapshot', at: now(), when: 'end', snapshot: withRunAsWindow(end, watched)})
    return null
  } catch (error) {
    return (error as Error).message
  }
}
