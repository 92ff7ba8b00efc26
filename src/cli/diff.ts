import type {Config} from '../config.js'
import type {Diff} from '../diff/diff-types.js'
import {usageError} from '../errors.js'
import {findRun} from '../history/find.js'
import {momentOf} from '../history/moment.js'
import {openHistory} from '../history/open.js'
import {type Earlier, isFile, readRun} from '../history/run-file.js'
import type {History, HistoryHead, HistoryTarget} from '../history/store.js'
import {timestamp} from '../render/summary.js'
import type {Context} from '../rule.js'
import {diffSince, judgedAgain} from './earlier.js'

export type Asked = {
  before: string
  after: string
  /** part of the name of a database of the history */
  target?: string
  place?: string
}

/** The two runs of `ahsp-db diff`, judged again by the rules of today, and compared. Throws CliError. */
export async function diffOf(asked: Asked, setup: {config: Config; context: Context}): Promise<Diff> {
  const [earlier, later] = await bothRuns(asked)
  // What was asked then is asked again, unless the command line or the configuration asks something else.
  const users = setup.context.users ?? later.report?.users ?? earlier.report?.users ?? undefined
  const question = {...setup, context: {...setup.context, users}}
  const after = await judgedAgain(later, question)
  const diff = await diffSince(earlier, after, question)
  return {...diff, notes: [...diff.notes, ...later.notes]}
}

async function bothRuns({before, after, target, place}: Asked): Promise<[Earlier, Earlier]> {
  // No place is opened, and none need be there, for two files.
  if (isFile(before) && isFile(after)) return [await readRun(before), await readRun(after)]
  const history = await openHistory(place)
  try {
    const second = isFile(after) ? placed(await readRun(after)) : await runOf(history, after, [before, after], target)
    if (isFile(before)) return [await readRun(before), second.run]
    const first = await earlierOf(history, before, second)
    return [{...first, notes: [...first.notes, ...history.notes()]}, second.run]
  } finally {
    await history.close()
  }
}

/** A run with its place in time: ages count from `now`. */
type Placed = {run: Earlier; target: HistoryTarget; at: number; now: number}

function placed(run: Earlier): Placed {
  const {target, collectedAt} = run.snapshot ?? run.report!
  return {run, target, at: collectedAt, now: collectedAt}
}

/** The second run: an id, the last, or the one so long before that. */
async function runOf(history: History, word: string, words: string[], wanted: string | undefined): Promise<Placed> {
  const heads = await headsOf(history, words, wanted)
  const {target, at: now} = heads[0]!
  const moment = momentOf(word)
  if (moment.kind === 'named') {
    const head = idIn(history, heads, word)
    return {run: {...(await history.read(head)), notes: []}, target, at: head.at, now}
  }
  const found = await findRun(history, target, moment, now, Infinity)
  if (!found) throw none(history)
  return {run: {...found.entry, notes: found.notes}, target, at: found.head.at, now}
}

/** The first run: an id, the one before the second, or the one so long ago. */
async function earlierOf(history: History, word: string, {target, at, now}: Placed): Promise<Earlier> {
  const moment = momentOf(word)
  if (moment.kind === 'named') {
    return {...(await history.read(idIn(history, await history.list(null), word))), notes: []}
  }
  const found = await findRun(history, target, moment, now, at)
  if (!found) throw none(history)
  return {...found.entry, notes: found.notes}
}

function idIn({name}: History, heads: HistoryHead[], word: string): HistoryHead {
  const head = heads.find(({id}) => id === word)
  if (!head) throw usageError(`${name} has no run ${word}`, "see 'ahsp-db diff --list'")
  return head
}

const none = ({name}: History) =>
  usageError(`${name} has no earlier run of this database`, 'save runs with ahsp-db check --save')

/** The runs of the one database that is meant, newest first. Throws CliError when it is not clear which. */
async function headsOf(history: History, words: string[], wanted: string | undefined): Promise<HistoryHead[]> {
  const all = await history.list(null)
  const chosen = all.find(({id}) => words.includes(id))
  if (chosen) return all.filter(({target}) => nameOf(target) === nameOf(chosen.target))
  const names = [...new Set(all.map(({target}) => nameOf(target)))].sort()
  const exact = names.filter(name => name === wanted || name.endsWith(`/${wanted}`))
  const meant = exact.length === 1 ? exact : names.filter(name => wanted === undefined || name.includes(wanted))
  if (meant.length === 1) return all.filter(({target}) => nameOf(target) === meant[0])
  if (names.length === 0) throw none(history)
  const what = meant.length > 0 ? `holds runs of ${meant.length} databases` : `holds none of ${JSON.stringify(wanted)}`
  const list = (meant.length > 0 ? meant : names).slice(0, 5).join(', ')
  throw usageError(`${history.name} ${what}`, `name one with --target: ${list}`)
}

export const nameOf = ({host, port, database}: HistoryTarget) => `${host}:${port}/${database}`

/** The runs that are remembered, as lines: database, time, id; newest first. */
export async function listOf(place: string | undefined, target: string | undefined): Promise<string[]> {
  const history = await openHistory(place)
  try {
    const heads = (await history.list(null)).filter(
      head => target === undefined || nameOf(head.target).includes(target),
    )
    if (heads.length === 0) throw none(history)
    const width = Math.max(...heads.map(head => nameOf(head.target).length))
    return heads.map(({id, target: of, at}) => `${id}  ${timestamp(at)}  ${nameOf(of).padEnd(width)}`.trimEnd())
  } finally {
    await history.close()
  }
}
