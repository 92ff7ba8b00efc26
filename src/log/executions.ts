import {fingerprint} from './fingerprint.js'
import {parametersAt, preparedAt, readMessage} from './message.js'
import type {Sink, Where} from './reader.js'
import {parametersIn} from './values.js'

/** One execution: the text as the log has it, and the values of its parameters; null: the log does not show them. */
export type Execution = {text: string; values: Map<number, string> | null}

/** All executions that differ in values only. */
export type Shape = {
  calls: number
  /** milliseconds of all calls */
  ms: number
  first: {file: number; line: number}
  /** some of the executions, drawn evenly from all */
  kept: Execution[]
}

export type Executions = {
  shapes: Shape[]
  timed: number
  shortestMs: number
  /** executions of shapes beyond the limit, and of texts that are too long */
  left: number
}

const KEPT = 8
const MAX_SHAPES = 5000
const MAX_SESSIONS = 5000
const LONGEST = 32 * 1024

type Last = {shape: Shape; execution: Execution | null; awaitsDetail: boolean; ms: number}

/** Takes the messages of all files in order; `finish` when all were read. Memory does not grow with the log. */
export function executionSink(): Sink & {finish(): Executions} {
  const shapes = new Map<string, Shape>()
  const sessions = new Map<number, Last>()
  const found: Executions = {shapes: [], timed: 0, shortestMs: Number.POSITIVE_INFINITY, left: 0}
  const random = sequence()

  function shapeOf({file, line}: Where, buf: Buffer, start: number, end: number): Shape | null {
    const {h1, h2} = fingerprint(buf, start, end)
    const key = `${h1} ${h2}`
    const known = shapes.get(key)
    if (known) return known
    if (shapes.size >= MAX_SHAPES || end - start > LONGEST) return null
    const shape: Shape = {calls: 0, ms: 0, first: {file, line}, kept: []}
    shapes.set(key, shape)
    return shape
  }

  /** Each execution has the same chance to be kept; of those that are not, no text is made. */
  function keep(shape: Shape, buf: Buffer, start: number, end: number): Execution | null {
    const at = shape.kept.length < KEPT ? shape.kept.length : Math.floor(random() * shape.calls)
    if (at >= KEPT || end - start > LONGEST) return null
    const execution: Execution = {text: buf.toString('utf8', start, end), values: null}
    shape.kept[at] = execution
    return execution
  }

  function execution(where: Where, buf: Buffer, start: number, end: number, ms: number): void {
    const shape = shapeOf(where, buf, start, end)
    if (!shape) {
      found.left += 1
      sessions.delete(where.session)
      return
    }
    shape.calls += 1
    const last = {shape, execution: keep(shape, buf, start, end), awaitsDetail: true, ms: 0}
    // What is forgotten here are values of at most one execution each.
    if (sessions.size >= MAX_SESSIONS) sessions.clear()
    sessions.set(where.session, last)
    if (ms >= 0) time(last, ms)
  }

  function time(last: Last, ms: number): void {
    last.shape.ms += ms
    last.ms += ms
    found.timed += 1
    found.shortestMs = Math.min(found.shortestMs, ms)
  }

  return {
    message(where, buf, start, end) {
      const message = readMessage(buf, start, end)
      const last = sessions.get(where.session)
      if (message.kind === 'execution') execution(where, buf, message.textAt, end, message.ms)
      else if (last && message.kind === 'time') time(last, message.ms)
      // The detail of a bind step holds the values of the next execution, not of the last.
      else if (last && message.kind === 'step') last.awaitsDetail = false
    },
    detail(where, buf, start, end) {
      const last = sessions.get(where.session)
      if (!last?.awaitsDetail) return
      const values = parametersAt(buf, start, end)
      const prepared = values < 0 ? preparedAt(buf, start, end) : -1
      if (values >= 0 && last.execution) last.execution.values = parametersIn(buf.toString('utf8', values, end))
      else if (prepared >= 0) sessions.set(where.session, replaced(last, where, buf, prepared, end))
    },
    finish: () => ({...found, shapes: [...shapes.values()].filter(({calls}) => calls > 0)}),
  }

  /** EXECUTE name(values): what was prepared is the statement. */
  function replaced(last: Last, where: Where, buf: Buffer, start: number, end: number): Last {
    const as = buf.toString('latin1', start, end).search(/\sas\s/i)
    const at = start + as + ' as '.length
    const shape = as < 0 ? null : shapeOf(where, buf, at, end)
    if (!shape) return last
    last.shape.calls -= 1
    last.shape.ms -= last.ms
    shape.calls += 1
    shape.ms += last.ms
    return {shape, execution: keep(shape, buf, at, end), awaitsDetail: false, ms: last.ms}
  }
}

/** Numbers from 0 to 1, the same in each run: the same log must give the same workload. */
function sequence(): () => number {
  let state = 0x9e3779b9
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}
