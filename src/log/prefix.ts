import {usageError} from '../errors.js'
import {hasMilliseconds, isDigit, numberAt, sessionAt, sessionEnd, timeAt} from './bytes.js'

/** What a matched prefix says about its line; one object per matcher, overwritten by each match. */
export type PrefixFields = {
  /** session (`%c`), else process (`%p`), else the backend's slot (`%v`); -1: the line does not say */
  session: number
  /** milliseconds of the log's own clock; -1: the line does not say */
  time: number
  severity: Severity
  /** where the message starts */
  textAt: number
}
export type Severity = 'log' | 'detail' | 'other'

export type PrefixMatcher = {
  fields: PrefixFields
  /** Reads the line buf[at, end): its prefix and the severity behind it. False: this line has another shape. */
  match(buf: Buffer, at: number, end: number): boolean
  /** which of a session, a time, and a time with milliseconds it can tell */
  has: {session: boolean; time: boolean; milliseconds: boolean}
}

type Op =
  | {kind: 'literal'; bytes: Buffer}
  | {kind: 'text' | 'time' | 'othertime' | 'epoch' | 'session' | 'pid' | 'number' | 'vxid' | 'stop' | 'spaces'}

const ESCAPES: Record<string, Op['kind'] & string> = {
  m: 'time',
  t: 'time',
  s: 'othertime',
  n: 'epoch',
  c: 'session',
  p: 'pid',
  l: 'number',
  x: 'number',
  v: 'vxid',
  q: 'stop',
}
/** A hostile line must not cost more than its length is worth. */
const MOST_STEPS = 2000
const TEXTS = 'auhrbdieQPLI'

/** Parses a log_line_prefix. Throws CliError (usage) for an letter that PostgreSQL does not have. */
function parsePrefix(prefix: string): Op[] {
  const ops: Op[] = []
  for (const [part, width, letter] of prefix.matchAll(/%(-?\d*)(.)|[^%]+|%/gsu)) {
    if (letter === undefined || letter === '%') ops.push({kind: 'literal', bytes: Buffer.from(letter ?? part)})
    else {
      const kind = TEXTS.includes(letter) ? 'text' : ESCAPES[letter]
      if (!kind) {
        throw usageError(`log_line_prefix has no %${letter}`, 'copy it from: SHOW log_line_prefix')
      }
      if (width) ops.push({kind: 'spaces'})
      ops.push({kind} as Op)
      if (width) ops.push({kind: 'spaces'})
    }
  }
  return ops
}

/** The matcher of one log_line_prefix, as the setting is written. */
export function prefixMatcher(prefix: string): PrefixMatcher {
  const ops = parsePrefix(prefix)
  const fields: PrefixFields = {session: -1, time: -1, severity: 'other', textAt: 0}
  // %c is exact, a process number is used again later, a backend's slot even sooner.
  const kinds = ops.map(({kind}) => kind)
  const sessionFrom = (['session', 'pid', 'vxid'] as const).find(kind => kinds.includes(kind))
  const hasTime = kinds.includes('time') || kinds.includes('epoch')

  let steps = 0

  function walk(index: number, at: number, buf: Buffer, end: number): boolean {
    const op = ops[index]
    steps -= 1
    if (op === undefined) return severityAt(buf, at, end, fields)
    switch (op.kind) {
      case 'literal':
        for (let i = 0; i < op.bytes.length; i += 1) if (buf[at + i] !== op.bytes[i]) return false
        return walk(index + 1, at + op.bytes.length, buf, end)
      case 'stop':
        return severityAt(buf, at, end, fields) || walk(index + 1, at, buf, end)
      case 'text': {
        // A name may hold what follows it in the prefix: the first way that leads to a severity is taken.
        for (let to = at; to < end && steps > 0; to += 1) if (walk(index + 1, to, buf, end)) return true
        return false
      }
      case 'spaces': {
        // Of the padding and the spaces that are meant, the prefix says which is which.
        let to = at
        while (to < end && buf[to] === 32) to += 1
        while (to > at && !walk(index + 1, to, buf, end)) to -= 1
        return to > at || walk(index + 1, at, buf, end)
      }
      default: {
        const to = fieldEnd(op.kind, buf, at, end)
        if (to < 0 || !walk(index + 1, to, buf, end)) return false
        if (op.kind === sessionFrom) fields.session = sessionValue(op.kind, buf, at, to)
        else if (op.kind === 'time') fields.time = timeAt(buf, at)
        else if (op.kind === 'epoch') fields.time = Math.round(numberAt(buf, at, to) * 1000)
        return true
      }
    }
  }

  return {
    fields,
    match(buf, at, end) {
      fields.session = -1
      fields.time = -1
      steps = MOST_STEPS
      return walk(0, at, buf, end)
    },
    has: {session: sessionFrom !== undefined, time: hasTime, milliseconds: /%-?\d*[mn]/.test(prefix)},
  }
}

function sessionValue(kind: 'session' | 'pid' | 'vxid', buf: Buffer, at: number, to: number): number {
  if (kind === 'session') return sessionAt(buf, at, to)
  return at === to ? -1 : numberAt(buf, at, to)
}

function fieldEnd(
  kind: Exclude<Op['kind'], 'literal' | 'text' | 'stop' | 'spaces'>,
  buf: Buffer,
  at: number,
  end: number,
): number {
  let to = at
  switch (kind) {
    case 'time':
    case 'othertime':
      return at + 19 <= end && timeAt(buf, at) >= 0
        ? zoneEnd(buf, hasMilliseconds(buf, at) ? at + 23 : at + 19, end)
        : -1
    case 'session':
      return sessionEnd(buf, at, end)
    case 'epoch':
      while (to < end && (isDigit(buf[to]) || buf[to] === 46)) to += 1
      return to > at ? to : -1
    case 'vxid':
      while (to < end && (isDigit(buf[to]) || buf[to] === 47)) to += 1
      return to
    default:
      while (to < end && isDigit(buf[to])) to += 1
      return to > at ? to : -1
  }
}

/** Behind the time: ` UTC`, ` CEST`, ` +03`, ` +0530`. */
function zoneEnd(buf: Buffer, at: number, end: number): number {
  if (buf[at] !== 32) return at
  let to = at + 1
  const isOffset = buf[to] === 43 || buf[to] === 45
  if (isOffset) to += 1
  while (to < end && (isOffset ? isDigit(buf[to]) : isLetter(buf[to]!))) to += 1
  return to > at + 1 ? to : at
}

const isLetter = (byte: number) => (byte | 32) >= 97 && (byte | 32) <= 122

const SEVERITIES = new Set(
  'LOG DETAIL STATEMENT ERROR HINT CONTEXT FATAL PANIC WARNING NOTICE INFO QUERY LOCATION BACKTRACE DEBUG DEBUG1 DEBUG2 DEBUG3 DEBUG4 DEBUG5'.split(
    ' ',
  ),
)

/** `LOG:  ` and its like at `at`; says where the message starts. */
function severityAt(buf: Buffer, at: number, end: number, fields: PrefixFields): boolean {
  let to = at
  while (to < end && to < at + 10 && ((buf[to]! >= 65 && buf[to]! <= 90) || isDigit(buf[to]))) to += 1
  if (to - at < 3 || buf[to] !== 58 || buf[to + 1] !== 32 || buf[to + 2] !== 32) return false
  if (to - at === 3 && buf[at] === 76) fields.severity = 'log'
  else if (to - at === 6 && buf[at] === 68 && buf[at + 2] === 84) fields.severity = 'detail'
  else if (SEVERITIES.has(buf.toString('latin1', at, to))) fields.severity = 'other'
  else return false
  fields.textAt = to + 3
  return true
}
