import {number} from '../units.js'
import {changesBetween} from './journey/changes.js'
import {nextOf} from './journey/next.js'
import {type Compared, rowOf, userCounts} from './journey/row.js'
import {stepBetween} from './journey/step.js'
import type {Journey, JourneyStep} from './journey/types.js'
import {ladderOf, type Phase} from './verdict/phases.js'

/** `ladder` with the phases of the configuration; default: the built-in one. */
type Asked = {nextUsers?: number; cpus?: number; ladder?: readonly Phase[]}

/**
 * Runs in the order given, each compared with the one before it: what was changed in between, and whether it helped.
 * Pure. Runs with several numbers of users are compared at the largest that all of them have.
 */
export function compareRuns(runs: readonly Compared[], asked: Asked = {}): Journey {
  const counts = runs.map(userCounts)
  const common = (counts[0] ?? []).filter(users => counts.every(each => each.includes(users)))
  const users = common.length > 0 ? Math.max(...common) : null
  const rows = runs.map(run => rowOf(run, users))
  const {tool, target} = runs[0]!.run.start
  const steps = rows.slice(1).map((row, at): JourneyStep => {
    const [before, after] = [runs[at]!, runs[at + 1]!]
    const step = stepBetween(rows[at]!, row, changesBetween(before.run.snapshots.start, after.run.snapshots.start))
    return {...step, notes: [...step.notes, ...loadNotes(before, after)]}
  })
  const isChanged = steps.some(({changes}) => changes.length > 0)
  return {
    format: 'ahsp-db/loadtest-journey',
    version: 1,
    tool,
    target,
    rows,
    steps,
    next:
      asked.nextUsers === undefined
        ? null
        : nextOf(runs, {
            users: asked.nextUsers,
            cores: asked.cpus ?? null,
            ladder: asked.ladder ?? ladderOf(),
            isChanged,
          }),
    notes: [
      users !== null && counts.some(each => each.length > 1)
        ? `compared at ${number(users)} users, the largest number that all runs have`
        : '',
      ...rows.flatMap(row => row.warnings.map(warning => `${row.name}: ${warning}`)),
      ...runs.flatMap(({name, run, client}) =>
        [...run.notes, ...(client?.notes ?? [])].map(note => `${name}: ${note}`),
      ),
    ].filter(Boolean),
  }
}

/** Where a load generator writes to is another file each time; the users have a column of their own. */
const OUTPUT = /^(--csv|--html|--json-file|--logfile|--out|--summary-export|-o|-u|--users|--vus)(=|$)/

/** Another script, or other options of it, is another test. */
function loadNotes({run: a}: Compared, {run: b}: Compared): string[] {
  const [before, after] = [scriptOf(a), scriptOf(b)]
  if (before === null || after === null || before === after) return []
  return [`The load was another command, so the difference may be its own: ${before} -> ${after}`]
}

function scriptOf({start: {command}}: Compared['run']): string | null {
  if (!command) return null
  const isOutput = (word: string | undefined) => word !== undefined && OUTPUT.test(word)
  const isValue = (at: number) => isOutput(command[at - 1]) && !command[at - 1]!.includes('=')
  return command.filter((word, at) => !isOutput(word) && !isValue(at)).join(' ')
}
