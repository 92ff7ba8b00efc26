import {redactSql} from '../sql/redact.js'
import {type Facts, factsOf} from './facts.js'
import type {Lexed} from './fingerprint.js'

export type Place = {file: number; line: number}

/** One statement shape: all executions that differ in values only. */
export type Statement = {
  id: number
  facts: Facts
  /** redacted, one line */
  text: string
  calls: number
  /** of all calls; 0 when the log has no durations */
  ms: number
  /** calls that were the first of a request */
  starts: number
  /** calls with more than one value in an IN list */
  batched: number
  first: Place
}

export const MAX_STATEMENTS = 10_000
const MAX_TEXT = 64 * 1024
const SHOWN_TEXT = 700

/** Finds statements by their hashes: an open-addressed table, because a Map of pairs would make garbage per line. */
export function statementTable() {
  let size = 1 << 12
  let keys1 = new Int32Array(size)
  let keys2 = new Int32Array(size)
  let slots = new Int32Array(size)
  const all: Statement[] = [otherStatement()]

  function slotOf(h1: number, h2: number): number {
    let slot = (h1 ^ (h2 >>> 7)) & (size - 1)
    while (slots[slot] !== 0 && (keys1[slot] !== h1 || keys2[slot] !== h2)) slot = (slot + 1) & (size - 1)
    return slot
  }

  function grow(): void {
    const old = {keys1, keys2, slots}
    size *= 2
    keys1 = new Int32Array(size)
    keys2 = new Int32Array(size)
    slots = new Int32Array(size)
    for (let i = 0; i < old.slots.length; i += 1)
      if (old.slots[i] !== 0) put(old.keys1[i]!, old.keys2[i]!, old.slots[i]!)
  }

  function put(h1: number, h2: number, id: number): void {
    const slot = slotOf(h1, h2)
    keys1[slot] = h1
    keys2[slot] = h2
    slots[slot] = id
  }

  return {
    all,
    /** The statement of these hashes; beyond the limit, one that stands for all others. */
    find(lexed: Lexed, buf: Buffer, start: number, end: number, place: Place): Statement {
      const id = slots[slotOf(lexed.h1, lexed.h2)]!
      if (id !== 0) return all[id]!
      if (all.length >= MAX_STATEMENTS) return all[0]!
      const statement = newStatement(all.length, buf.toString('utf8', start, Math.min(end, start + MAX_TEXT)), place)
      all.push(statement)
      if (all.length * 2 > size) grow()
      put(lexed.h1, lexed.h2, statement.id)
      return statement
    },
  }
}

function newStatement(id: number, source: string, {file, line}: Place): Statement {
  const text = redacted(source)
  const facts = factsOf(text)
  return {
    id,
    facts: JSON.parse(JSON.stringify(facts)),
    text: copy(shorten(text)),
    calls: 0,
    ms: 0,
    starts: 0,
    batched: 0,
    first: {file, line},
  }
}

/** A part of a string keeps the whole of it in memory: what is kept must be a copy. */
const copy = (text: string) => Buffer.from(text).toString()

const otherStatement = () => newStatement(0, '', {file: 0, line: 0})

/**
 * A quote behind a backslash ends the literal or not, depending on a setting that the log does not show: nothing is
 * shown from there on.
 */
function redacted(source: string): string {
  const unsure = source.search(/\\'/)
  const sure = unsure < 0 ? source : source.slice(0, source.lastIndexOf("'", unsure))
  return (redactSql(sure) + (unsure < 0 ? '' : ' ...')).replace(/\s+/g, ' ').replace(/;$/, '').trim()
}

/** A target list of a hundred columns hides what matters. */
function shorten(text: string): string {
  const from = /^select\b.{120,}?\sfrom\s/i.exec(text)
  const short = from ? `SELECT ... ${text.slice(from[0].length - 'from '.length)}` : text
  return short.length > SHOWN_TEXT ? `${short.slice(0, SHOWN_TEXT)} ...` : short
}
