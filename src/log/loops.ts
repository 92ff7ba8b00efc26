import type {Run} from './periods.js'
import type {Place, Statement} from './statements.js'

/** All runs of one statement. */
export type Loop = {
  statement: Statement
  runs: number
  calls: number
  ms: number
  /** repetitions -> runs */
  repetitions: Map<number, number>
  /** runs in which every call had the same values, and those whose values the log shows */
  constantRuns: number
  knownRuns: number
  /** statement -> runs that it stood before, or took turns in */
  before: Map<Statement, number>
  inside: Map<Statement, number>
  place: Place
}

export type LoopTable = ReturnType<typeof loopTable>

/** Bounds for one loop: beyond, further values are not kept apart. */
const MAX_COUNTS = 1000
const MAX_NEIGHBOURS = 64

export function loopTable() {
  const loops = new Map<Statement, Loop>()
  return {
    loops: () => loops.values(),
    add(run: Run): void {
      // Statement 0 stands for many different ones.
      if (run.statement.id === 0) return
      let loop = loops.get(run.statement)
      if (!loop) {
        loop = newLoop(run)
        loops.set(run.statement, loop)
      }
      loop.runs += 1
      loop.calls += run.calls
      loop.ms += run.ms
      count(loop.repetitions, run.calls, MAX_COUNTS)
      if (run.literalsKnown) loop.knownRuns += 1
      if (run.literalsKnown && run.changes === 0) loop.constantRuns += 1
      for (const statement of run.before) count(loop.before, statement, MAX_NEIGHBOURS)
      for (const statement of run.inside) count(loop.inside, statement, MAX_NEIGHBOURS)
    },
  }
}

function newLoop({statement, place}: Run): Loop {
  return {
    statement,
    runs: 0,
    calls: 0,
    ms: 0,
    repetitions: new Map(),
    constantRuns: 0,
    knownRuns: 0,
    before: new Map(),
    inside: new Map(),
    place,
  }
}

function count<K>(counts: Map<K, number>, key: K, limit: number): void {
  const known = counts.get(key)
  if (known !== undefined || counts.size < limit) counts.set(key, (known ?? 0) + 1)
}

export function medianRepetitions({repetitions, runs}: Loop): number {
  let left = runs / 2
  for (const [calls, times] of [...repetitions].sort((a, b) => a[0] - b[0])) {
    left -= times
    if (left <= 0) return calls
  }
  return Math.max(...repetitions.keys())
}

export const mostRepetitions = ({repetitions}: Loop): number => Math.max(...repetitions.keys())
