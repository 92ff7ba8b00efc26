import {timeAt} from './bytes.js'
import {csvReader} from './csvlog.js'
import {openLog, type Read} from './input.js'
import {jsonReader} from './jsonlog.js'
import {type PrefixMatcher, prefixMatcher} from './prefix.js'
import type {LogFormat, Reader, Sink} from './reader.js'
import {recognisePrefix} from './recognise.js'
import type {FileReport} from './report.js'
import {stderrReader} from './stderr.js'

const FIRST_BUFFER = 1 << 20
/** No entry may be longer. */
const LARGEST_BUFFER = 1 << 23
const BOM = [0xef, 0xbb, 0xbf]

let buffer = Buffer.alloc(0)

/**
 * Reads one log file to its end. `prefix`: its log_line_prefix; recognised when undefined. Throws CliError when it
 * cannot be opened.
 */
export async function readLog(name: string, file: number, sink: Sink, prefix: string | undefined): Promise<FileReport> {
  const input = await openLog(name)
  try {
    if (buffer.length === 0) buffer = Buffer.allocUnsafe(FIRST_BUFFER)
    let have = await fill(input.read, 0)
    const start = BOM.every((byte, i) => buffer[i] === byte) ? BOM.length : 0
    buffer.copyWithin(0, start, have)
    have -= start
    const {reader, format, used} = chooseReader(buffer.subarray(0, have), sink, file, prefix)
    if (reader) await pump(input.read, reader, have)
    return {
      name: name === '-' ? 'stdin' : name,
      format,
      prefix: used,
      lines: reader?.counts.lines ?? 0,
      malformed: reader?.counts.malformed ?? 0,
      firstMalformed: reader?.counts.firstMalformed,
      problem: input.problem,
    }
  } finally {
    await input.close()
  }
}

/** As much as the buffer takes, so that the format is told from more than one line. */
async function fill(read: Read, have: number): Promise<number> {
  let end = have
  while (end < buffer.length) {
    const bytes = await read(buffer, end)
    if (bytes === 0) break
    end += bytes
  }
  return end
}

async function pump(read: Read, reader: Reader, filled: number): Promise<void> {
  let have = filled
  for (;;) {
    const used = reader.scan(buffer, have, false)
    buffer.copyWithin(0, used, have)
    have -= used
    if (have === buffer.length) have = makeRoom(reader)
    const bytes = await read(buffer, have)
    if (bytes === 0) break
    have += bytes
  }
  reader.scan(buffer, have, true)
}

/** The entry fills the buffer: a larger one, or the entry is given up. */
function makeRoom(reader: Reader): number {
  if (buffer.length >= LARGEST_BUFFER) {
    reader.skip()
    return 0
  }
  const larger = Buffer.allocUnsafe(buffer.length * 2)
  const have = buffer.copy(larger)
  buffer = larger
  return have
}

type Choice = {reader: Reader | null; format: LogFormat | null; used: string | null}

function chooseReader(head: Buffer, sink: Sink, file: number, prefix: string | undefined): Choice {
  if (head.length === 0) return {reader: null, format: null, used: null}
  const stderr = (matcher: PrefixMatcher, used: string | null): Choice => ({
    reader: stderrReader(matcher, sink, file),
    format: 'stderr',
    used,
  })
  if (prefix !== undefined) return stderr(prefixMatcher(prefix), prefix)
  const format = formatOf(head)
  if (format === 'jsonlog') return {reader: jsonReader(sink, file), format, used: null}
  if (format === 'csvlog') return {reader: csvReader(sink, file), format, used: null}
  const recognised = recognisePrefix(head.toString('utf8'))
  return recognised ? stderr(recognised.matcher, recognised.prefix) : stderr(prefixMatcher(''), null)
}

const PROBED_LINES = 50

/** By the first lines that look like one of the formats; the first line of a rotated file may be cut off. */
function formatOf(head: Buffer): LogFormat {
  let at = 0
  for (let line = 0; line < PROBED_LINES && at >= 0 && at < head.length; line += 1) {
    if (head[at] === 123 && head.toString('latin1', at, at + 200).includes('"timestamp"')) return 'jsonlog'
    if (timeAt(head, at) >= 0) {
      return /^.{19}\.\d{3} [^,\s]{1,6},/.test(head.toString('latin1', at, at + 40)) ? 'csvlog' : 'stderr'
    }
    at = head.indexOf(10, at) + 1 || -1
  }
  return 'stderr'
}
