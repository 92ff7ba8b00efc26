import {ascii, numberAt, startsWith} from './bytes.js'

/** What a LOG message tells; one object, overwritten by each call of readMessage. */
export type Message = {
  /** execution: a statement with its text; step: parse or bind; time: a duration alone, of what was logged before */
  kind: 'execution' | 'step' | 'time' | 'other'
  /** milliseconds; NaN: not told */
  ms: number
  textAt: number
}

const DURATION = ascii('duration: ')
const MS = ascii(' ms')
const STATEMENT = ascii('statement: ')
const EXECUTE = ascii('execute ')
const FETCH = ascii('fetch from ')
const PARSE = ascii('parse ')
const BIND = ascii('bind ')
const PARAMETERS = ascii('arameters: ')
const PREPARE = ascii('repare: ')
const COLON = 58

const message: Message = {kind: 'other', ms: Number.NaN, textAt: 0}

/** Reads `duration: 1.234 ms  statement: ...`, `execute <name>: ...` and their relatives in buf[start, end). */
export function readMessage(buf: Buffer, start: number, end: number): Message {
  message.kind = 'other'
  message.ms = Number.NaN
  let at = start
  if (startsWith(buf, at, end, DURATION)) {
    const number = at + DURATION.length
    message.ms = numberAt(buf, number, end)
    at = buf.indexOf(32, number)
    if (Number.isNaN(message.ms) || at < 0 || !startsWith(buf, at, end, MS)) return message
    at += MS.length
    if (at >= end || isBlank(buf, at, end)) {
      message.kind = 'time'
      return message
    }
    at += 2
  }
  readStep(buf, at, end)
  return message
}

function readStep(buf: Buffer, at: number, end: number): void {
  if (startsWith(buf, at, end, STATEMENT)) {
    message.kind = 'execution'
    message.textAt = at + STATEMENT.length
  } else if (startsWith(buf, at, end, EXECUTE)) {
    const name = at + EXECUTE.length
    const text = behindName(buf, name, end)
    if (text < 0) return
    // Further rows of a portal are no new execution.
    message.kind = startsWith(buf, name, end, FETCH) ? 'step' : 'execution'
    message.textAt = text
  } else if (startsWith(buf, at, end, PARSE) || startsWith(buf, at, end, BIND)) {
    if (behindName(buf, at, end) >= 0) message.kind = 'step'
  }
}

function behindName(buf: Buffer, at: number, end: number): number {
  for (let i = at; i < end - 1; i += 1) if (buf[i] === COLON && buf[i + 1] === 32) return i + 2
  return -1
}

function isBlank(buf: Buffer, at: number, end: number): boolean {
  for (let i = at; i < end; i += 1) if (buf[i]! > 32) return false
  return true
}

/** Where the values of `parameters: $1 = ...` start (PostgreSQL 16 writes a capital P); -1: this is no such detail. */
export const parametersAt = (buf: Buffer, start: number, end: number): number =>
  (buf[start]! | 32) === 112 && startsWith(buf, start + 1, end, PARAMETERS) ? start + 1 + PARAMETERS.length : -1

/** Where the text of `prepare: PREPARE name AS ...`, the detail of an EXECUTE, starts; -1: this is no such detail. */
export const preparedAt = (buf: Buffer, start: number, end: number): number =>
  (buf[start]! | 32) === 112 && startsWith(buf, start + 1, end, PREPARE) ? start + 1 + PREPARE.length : -1

/** A hash over the bytes of the values. */
export function hashOf(buf: Buffer, start: number, end: number): number {
  let hash = 0x811c9dc5 | 0
  for (let i = start; i < end; i += 1) hash = Math.imul(hash ^ buf[i]!, 0x01000193)
  return hash
}
