import {
  CLASS,
  CLOSE,
  COMMA,
  DASH,
  DIGIT,
  DOLLAR,
  FOLD,
  LITERAL,
  NAME,
  OPEN,
  PRIME,
  QUOTE,
  SEED,
  SPACE,
  SYMBOL,
  WORD,
} from './classes.js'

/**
 * What a statement is, without its values: two 32-bit hashes over its tokens in which literals, parameters, comments,
 * letter case and the lengths of lists do not count. One pass over the bytes, because a log has millions of them; in one
 * file, longer than others, because its parts share the state of that pass as variables of the module.
 */
export type Lexed = {
  h1: number
  h2: number
  /** hash over the values of all literals, in order */
  literal: number
  /** has `$1`: its values stand elsewhere */
  parameters: boolean
  /** elements of the longest `IN (...)` list of literals */
  listLength: number
}

const DOT = 46
const BACKSLASH = 92
const hashWord = (text: string) => [...Buffer.from(text)].reduce((hash, byte) => Math.imul(hash ^ byte, PRIME), SEED)
const IN = hashWord('in')

let h1 = 0
let h2 = 0
let literalHash = 0
let parameters = false
let listLength = 0
let inList = 0
let wordHash = 0
/** The kinds of the last tokens, and how many there were. */
let last = 0
let last2 = 0
let last3 = 0
let count = 0
/** A comma after a literal counts only when no other literal follows it. */
let pendingComma = false
/** State after the last `(literals)`, to which a further row of VALUES returns. */
let rowH1 = 0
let rowH2 = 0
let rowCount = -1

const out: Lexed = {h1: 0, h2: 0, literal: 0, parameters: false, listLength: 0}

/** Reads buf[start, end); the result is valid until the next call. */
export function fingerprint(buf: Buffer, start: number, end: number): Lexed {
  h1 = SEED
  h2 = literalHash = listLength = inList = last = last2 = last3 = count = 0
  rowCount = -1
  parameters = pendingComma = false
  let at = start
  while (at < end) {
    const byte = buf[at]!
    const kind = CLASS[byte]!
    if (kind === SPACE) at += 1
    else if (kind === WORD) at = word(buf, at, end)
    else if (kind === NAME) at = name(buf, at, end)
    else if (kind === DIGIT) at = number(buf, at, end)
    else if (kind === QUOTE) at = string(buf, at, end, false)
    else if (kind === SYMBOL) at = symbol(byte, at)
    else at = rare(buf, at, end, kind)
  }
  out.h1 = h1
  out.h2 = h2
  out.literal = literalHash
  out.parameters = parameters
  out.listLength = listLength
  return out
}

function emit(kind: number, hash: number): void {
  if (pendingComma) {
    pendingComma = false
    emit(COMMA, COMMA)
  }
  h1 = Math.imul((h1 << 5) ^ (h1 >>> 27) ^ hash, 0x85ebca6b)
  h2 = Math.imul(h2 ^ (h2 >>> 15) ^ hash, 0xc2b2ae35) + kind
  last3 = last2
  last2 = last
  last = kind
  count += 1
}

function emitLiteral(): void {
  if (pendingComma) {
    pendingComma = false
    inList += inList > 0 ? 1 : 0
    return
  }
  emit(LITERAL, LITERAL)
}

function word(buf: Buffer, at: number, end: number): number {
  const next = buf[at + 1]
  if (next === 39 && 'eEbBxXnN'.includes(String.fromCharCode(buf[at]!))) {
    return string(buf, at + 1, end, (buf[at]! | 32) === 101)
  }
  if (next === 38 && (buf[at]! | 32) === 117 && buf[at + 2] === 39) return string(buf, at + 2, end, false)
  let hash = SEED
  let i = at
  for (; i < end; i += 1) {
    const byte = buf[i]!
    const kind = CLASS[byte]
    if (kind !== WORD && kind !== DIGIT && kind !== DOLLAR) break
    hash = Math.imul(hash ^ FOLD[byte]!, PRIME)
  }
  wordHash = hash
  emit(WORD, hash)
  return i
}

function name(buf: Buffer, at: number, end: number): number {
  let hash = SEED
  let i = at + 1
  for (; i < end && buf[i] !== 34; i += 1) hash = Math.imul(hash ^ buf[i]!, PRIME)
  emit(NAME, hash)
  return i + 1
}

function number(buf: Buffer, at: number, end: number): number {
  let i = at
  for (; i < end; i += 1) {
    const byte = buf[i]!
    const kind = CLASS[byte]
    const exponentSign = (byte === 43 || byte === 45) && (buf[i - 1]! | 32) === 101 && i > at
    if (kind !== DIGIT && kind !== WORD && byte !== DOT && !exponentSign) break
    literalHash = Math.imul(literalHash ^ byte, PRIME)
  }
  literalHash = Math.imul(literalHash ^ COMMA, PRIME)
  emitLiteral()
  return i
}

/** `at` is the opening quote. */
function string(buf: Buffer, at: number, end: number, escapes: boolean): number {
  let i = at + 1
  for (; i < end; i += 1) {
    const byte = buf[i]!
    if (byte === 39) {
      if (buf[i + 1] !== 39 || i + 1 >= end) break
      i += 1
    } else if (escapes && byte === BACKSLASH) i += 1
    literalHash = Math.imul(literalHash ^ byte, PRIME)
  }
  literalHash = Math.imul(literalHash ^ QUOTE, PRIME)
  emitLiteral()
  return i + 1
}

function symbol(byte: number, at: number): number {
  emit(SYMBOL, byte)
  return at + 1
}

function rare(buf: Buffer, at: number, end: number, kind: number): number {
  if (kind === COMMA) return comma(at)
  if (kind === OPEN || kind === CLOSE) return parenthesis(kind, at)
  if (kind === DOLLAR) return dollar(buf, at, end)
  if (kind === DASH) return dash(buf, at, end)
  return buf[at + 1] === 42 ? endOfComment(buf, at, end) : symbol(buf[at]!, at)
}

function comma(at: number): number {
  if (last === LITERAL) pendingComma = true
  else emit(COMMA, COMMA)
  return at + 1
}

function parenthesis(kind: number, at: number): number {
  pendingComma &&= kind === OPEN
  if (kind === OPEN) {
    inList = last === WORD && wordHash === IN ? 1 : 0
    emit(OPEN, OPEN)
    return at + 1
  }
  listLength = Math.max(listLength, last === LITERAL ? inList : 0)
  inList = 0
  const isRow = last === LITERAL && last2 === OPEN
  const afterRow = isRow && last3 === COMMA && count + 1 === rowCount + 4
  emit(CLOSE, CLOSE)
  if (afterRow) {
    h1 = rowH1
    h2 = rowH2
    count = rowCount
  } else if (isRow) {
    rowH1 = h1
    rowH2 = h2
    rowCount = count
  }
  return at + 1
}

function dollar(buf: Buffer, at: number, end: number): number {
  let i = at + 1
  if (CLASS[buf[i]!] === DIGIT) {
    while (i < end && CLASS[buf[i]!] === DIGIT) i += 1
    parameters = true
    emitLiteral()
    return i
  }
  while (i < end && (CLASS[buf[i]!] === WORD || CLASS[buf[i]!] === DIGIT)) i += 1
  if (i >= end || buf[i] !== 36) return symbol(36, at)
  const close = buf.subarray(i + 1, end).indexOf(buf.subarray(at, i + 1))
  const stop = close < 0 ? end : i + 1 + close
  for (let j = i + 1; j < stop; j += 1) literalHash = Math.imul(literalHash ^ buf[j]!, PRIME)
  emitLiteral()
  return close < 0 ? end : stop + (i + 1 - at)
}

function dash(buf: Buffer, at: number, end: number): number {
  if (buf[at + 1] === 45) {
    const newline = buf.indexOf(10, at)
    return newline < 0 || newline > end ? end : newline
  }
  const isSign = pendingComma || last === SYMBOL || last === OPEN || last === COMMA
  if (!isSign || CLASS[buf[at + 1]!] !== DIGIT) return symbol(45, at)
  literalHash = Math.imul(literalHash ^ 45, PRIME)
  return at + 1
}

function endOfComment(buf: Buffer, at: number, end: number): number {
  let depth = 0
  for (let i = at; i < end; i += 1) {
    if (buf[i] === 47 && buf[i + 1] === 42) depth += 1
    else if (buf[i] === 42 && buf[i + 1] === 47) depth -= 1
    else continue
    i += 1
    if (depth === 0) return i + 1
  }
  return end
}
