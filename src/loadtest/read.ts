import {CliError, EXIT} from '../errors.js'
import {snapshotOf} from '../snapshot-file.js'
import {linesOf} from './lines.js'
import {RUN_VERSION, type Run, type RunRecord, type RunSnapshot, type RunStart} from './record.js'
import {isSound, isSoundSnapshot} from './shapes.js'

/** Samples of one kind that are kept: ten hours of seconds. */
const MOST = 36_000
/** Ten days: a run that is judged is shorter. */
const LONGEST_SECONDS = 864_000
/** The server's start is told exactly; what it says differs only by the representation. Seconds. */
const SAME_START = 0.5

const HINT = 'give a file that ahsp-db loadtest watch -o FILE wrote'
const bad = (file: string, what: string, hint = HINT) => new CliError('RUN', EXIT.usage, `${file}: ${what}`, hint)

/**
 * A file that `loadtest watch` wrote, also one that breaks off. What it does not know is passed over, what is damaged
 * is a note. Throws CliError (exit 2) for another file, and for a newer one.
 */
export async function readRun(file: string): Promise<Run> {
  let run: Run | null = null
  const counts = {damaged: 0, dropped: 0, isSecond: false}
  try {
    for await (const {text, isWhole} of linesOf(file)) {
      if (text.trim() === '') continue
      const value = parsed(text)
      if (!run) run = begin(file, value)
      else if (!value) {
        if (isWhole) counts.damaged += 1
      } else if (!isSound(value) || !isNear(run.start, value)) counts.damaged += 1
      else if (value.type === 'run') {
        counts.isSecond = true
        break
      } else if (!(await add(run, value))) counts.dropped += 1
    }
  } catch (error) {
    if (error instanceof CliError) throw error
    const {code, message} = error as NodeJS.ErrnoException
    throw bad(file, `cannot be read (${code ?? message})`)
  }
  if (!run) throw bad(file, 'is empty')
  run.restarts = restartsOf(run)
  run.notes.push(...notesOf(run, counts))
  return run
}

type Value = {type: string; at: number}

/** null: no record at all. */
function parsed(text: string): Value | null {
  try {
    const value = JSON.parse(text)
    return typeof value?.type === 'string' && Number.isFinite(value.at) ? value : null
  } catch {
    return null
  }
}

function begin(file: string, value: Value | null): Run {
  const start = value as RunStart | null
  if (start?.type !== 'run' || start.format !== 'ahsp-db/run') throw bad(file, 'is no run of ahsp-db loadtest watch')
  if ((start.version as number) > RUN_VERSION) {
    throw bad(file, `has format ${start.version}, newer than ${RUN_VERSION}`, 'update ahsp-db')
  }
  if (!isSound(start)) throw bad(file, 'its first line is damaged', 'watch again')
  return {
    start,
    snapshots: {start: null, end: null},
    activity: [],
    counters: [],
    pools: [],
    refusals: [],
    texts: new Map(),
    end: null,
    restarts: [],
    notes: [],
  }
}

/** A time of another year is no time of this run, and would make it last until then. */
const isNear = (start: RunStart, {at}: Value): boolean => Math.abs(at - start.at) <= LONGEST_SECONDS

/** false: there are too many of its kind already. */
async function add(run: Run, value: Value): Promise<boolean> {
  const record = value as RunRecord
  switch (record.type) {
    case 'snapshot':
      await addSnapshot(run, record)
      return true
    case 'activity':
      return keep(run.activity, record)
    case 'counters':
      return keep(run.counters, record)
    case 'pools':
      return keep(run.pools, record)
    case 'refused':
      return keep(run.refusals, record)
    case 'statement':
      if (run.texts.size >= MOST) return false
      run.texts.set(record.queryid, record.text)
      return true
    case 'end':
      run.end = record
      return true
    default:
      return true
  }
}

/** A damaged one is a note: the samples can be judged without it. */
async function addSnapshot(run: Run, {when, snapshot}: RunSnapshot): Promise<void> {
  try {
    const found = await snapshotOf(`the snapshot of the ${when}`, snapshot)
    if (isSoundSnapshot(found)) run.snapshots[when] = found
    else run.notes.push(`the snapshot of the ${when}: is damaged`)
  } catch (error) {
    if (!(error instanceof CliError)) throw error
    run.notes.push(error.message)
  }
}

function keep<T>(all: T[], record: T): boolean {
  if (all.length >= MOST) return false
  all.push(record)
  return true
}

/** By the watching machine's clock; where that of the server is not known, when it was first seen. */
function restartsOf({start, counters}: Run): number[] {
  return counters.flatMap((sample, at) => {
    const before = counters[at - 1]
    if (!before || Math.abs(before.startedAt - sample.startedAt) < SAME_START) return []
    const told = start.clock ? sample.startedAt - start.clock.offset : sample.at
    return [Math.min(sample.at, Math.max(before.at, told))]
  })
}

function notesOf(run: Run, counts: {damaged: number; dropped: number; isSecond: boolean}): string[] {
  const {start, end, restarts, snapshots} = run
  const since = (at: number) => `${Math.round(at - start.at)} s after its start`
  const isDamaged = (when: string) => run.notes.some(note => note.startsWith(`the snapshot of the ${when}`))
  return [
    end ? '' : 'the file breaks off: the watching was killed, or still goes on',
    ...restarts.map(at => `the server was restarted ${since(at)}`),
    snapshots.start || isDamaged('start') ? '' : 'it has no snapshot of the start',
    end && !snapshots.end && !isDamaged('end') ? 'it has no snapshot of the end' : '',
    counts.damaged > 0
      ? `${counts.damaged} damaged ${counts.damaged === 1 ? 'line was' : 'lines were'} passed over`
      : '',
    counts.dropped > 0 ? `it is longer than ten hours: ${counts.dropped} lines were left out` : '',
    counts.isSecond ? 'a second run begins in the file: it was left out' : '',
    end && end.missed > 0
      ? `${end.missed} samples are missing: the server answered too late, or refused the query`
      : '',
    ...(end?.notes ?? []),
  ].filter(Boolean)
}
