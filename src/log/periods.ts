import type {Execution} from './session.js'
import type {Place, Statement} from './statements.js'

/** A statement that was repeated many times in a row, or as one of two or three that took turns. */
export type Run = {
  statement: Statement
  calls: number
  ms: number
  /** how often its values differed from those of the time before */
  changes: number
  /** the log shows the values of all calls */
  literalsKnown: boolean
  /** statements before the loop, nearest first, each once */
  before: Statement[]
  /** statements that take turns with it */
  inside: Statement[]
  place: Place
}

/** Executions of one statement directly after each other. */
type Group = {
  statement: Statement
  calls: number
  ms: number
  changes: number
  known: boolean
  firstLiteral: number
  lastLiteral: number
  file: number
  line: number
}

type Turns = {period: number; matched: number; slots: Group[]; largest: number[]; before: Statement[]}

export type Tracker = {
  add(execution: Execution): void
  /** the request is over, and with it every loop */
  end(): void
  isEmpty(): boolean
}

const PERIODS = [2, 3] as const
/** Groups before a loop in which its parent is looked for: other loops over the same parent stand between. */
const LOOK_BACK = 8
/** Groups kept: the look-back, before the two periods that show a loop. */
const RING = 16

/** Follows the statements of one request and reports its loops. */
export function createTracker(repetitions: number, nobody: Statement, onRun: (run: Run) => void): Tracker {
  const ring: Group[] = []
  let length = 0
  let open = false
  const turns: Turns[] = PERIODS.map(period => ({period, matched: 0, slots: [], largest: [], before: []}))
  const at = (index: number) => ring[index % RING]!

  function begin({statement, ms, literal, literalKnown, file, line}: Execution): void {
    const slot = length % RING
    ring[slot] ??= newGroup(nobody)
    const group = ring[slot]
    group.statement = statement
    group.calls = 1
    group.ms = ms
    group.changes = 0
    group.known = literalKnown
    group.firstLiteral = group.lastLiteral = literal
    group.file = file
    group.line = line
    open = true
  }

  function close(): void {
    open = false
    const group = at(length)
    if (group.calls >= repetitions) {
      report(group, before(length), [])
    }
    for (const each of turns) follow(each, group)
    length += 1
  }

  /** The period goes on when this group is of the statement that stood one period ago. */
  function follow(each: Turns, group: Group): void {
    const {period} = each
    if (length >= period && at(length - period).statement === group.statement) {
      if (each.matched === 0) start(each)
      const slot = each.matched % period
      merge(each.slots[slot]!, group)
      each.largest[slot] = Math.max(each.largest[slot]!, group.calls)
      each.matched += 1
    } else finish(each)
  }

  function start(each: Turns): void {
    const from = length - each.period
    each.slots = PERIOD_OFFSETS[each.period]!.map(offset => ({...at(from + offset)}))
    each.largest = each.slots.map(({calls}) => calls)
    each.before = before(from)
  }

  function finish(each: Turns): void {
    const {period, matched, slots, largest} = each
    each.matched = 0
    if (matched === 0 || Math.floor((matched + period) / period) < repetitions) return
    const statements = slots.map(({statement}) => statement)
    slots.forEach((slot, i) => {
      // A loop inside of this one has been reported on its own.
      if (largest[i]! >= repetitions || slot.calls < repetitions) return
      report(
        slot,
        each.before,
        statements.filter(other => other !== slot.statement),
      )
    })
  }

  function before(index: number): Statement[] {
    const found: Statement[] = []
    for (let i = index - 1; i >= 0 && i >= index - LOOK_BACK; i -= 1) {
      const {statement} = at(i)
      if (!found.includes(statement)) found.push(statement)
    }
    return found
  }

  function report({statement, calls, ms, changes, known, file, line}: Group, before: Statement[], inside: Statement[]) {
    onRun({statement, calls, ms, changes, literalsKnown: known, before, inside, place: {file, line}})
  }

  return {
    add(execution) {
      const group = at(length)
      if (open && group.statement === execution.statement) {
        group.calls += 1
        group.ms += execution.ms
        if (execution.literal !== group.lastLiteral) group.changes += 1
        group.known &&= execution.literalKnown
        group.lastLiteral = execution.literal
        return
      }
      if (open) close()
      begin(execution)
    },
    end() {
      if (open) close()
      for (const each of turns) finish(each)
      length = 0
    },
    isEmpty: () => length === 0 && !open,
  }
}

const PERIOD_OFFSETS: Record<number, number[]> = {2: [0, 1], 3: [0, 1, 2]}

function newGroup(statement: Statement): Group {
  return {statement, calls: 0, ms: 0, changes: 0, known: false, firstLiteral: 0, lastLiteral: 0, file: 0, line: 0}
}

function merge(into: Group, group: Group): void {
  into.calls += group.calls
  into.ms += group.ms
  into.changes += group.changes + (into.lastLiteral === group.firstLiteral ? 0 : 1)
  into.known &&= group.known
  into.lastLiteral = group.lastLiteral
}
