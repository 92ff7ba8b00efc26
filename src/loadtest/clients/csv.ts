/** No record may be longer: it has an unclosed quote, or is no CSV. */
const LONGEST = 1 << 23

/** How a file ended; `line`: where its last, incomplete record starts. */
export type CsvEnd = {complete: true} | {complete: false; line: number; reason: 'cut' | 'quote' | 'overlong'}

export type CsvReader = {push(text: string): void; end(): CsvEnd}

/**
 * Reads CSV (RFC 4180) from pieces of text; `record` gets each record's fields and the number of the line on which it
 * starts. A last record without its line end may be cut off in the middle of a number. When it has as many fields as
 * `columns()` asks for, it is given with an empty last field; otherwise it is left out.
 */
export function csvReader(record: (fields: string[], line: number) => void, columns: () => number): CsvReader {
  let rest = ''
  let line = 1
  let overlong = false
  return {
    push(text) {
      if (overlong) return
      const all = rest + text
      let at = 0
      for (;;) {
        const found = recordAt(all, at)
        if (!found) break
        if (found.fields.length > 1 || found.fields[0] !== '') record(found.fields, line)
        line += found.lines
        at = found.next
      }
      rest = all.slice(at)
      overlong = rest.length > LONGEST
    },
    end() {
      if (rest === '') return {complete: true}
      if (overlong) return {complete: false, line, reason: 'overlong'}
      const last = recordAt(`${rest}\n`, 0)
      if (!last) return {complete: false, line, reason: 'quote'}
      if (last.fields.length === columns()) record([...last.fields.slice(0, -1), ''], line)
      return {complete: false, line, reason: 'cut'}
    },
  }
}

type Found = {fields: string[]; next: number; lines: number}

/** null: the record's end is not in the text. */
function recordAt(text: string, start: number): Found | null {
  const newline = text.indexOf('\n', start)
  if (newline < 0) return null
  const line = text.slice(start, newline)
  if (line.includes('"')) return quotedAt(text, start)
  return {fields: (line.endsWith('\r') ? line.slice(0, -1) : line).split(','), next: newline + 1, lines: 1}
}

function quotedAt(text: string, start: number): Found | null {
  const fields: string[] = []
  let lines = 1
  for (let at = start; ; at += 1) {
    let field = ''
    if (text[at] === '"') {
      const close = closingQuote(text, at + 1)
      if (close < 0) return null
      field = text.slice(at + 1, close).replaceAll('""', '"')
      for (let i = field.indexOf('\n'); i >= 0; i = field.indexOf('\n', i + 1)) lines += 1
      at = close + 1
    }
    const from = at
    while (at < text.length && text[at] !== ',' && text[at] !== '\n') at += 1
    if (at === text.length) return null
    const end = text[at] === '\n' && text[at - 1] === '\r' && at > from ? at - 1 : at
    fields.push(field + text.slice(from, end))
    if (text[at] === '\n') return {fields, next: at + 1, lines}
  }
}

function closingQuote(text: string, start: number): number {
  for (let at = text.indexOf('"', start); at >= 0; at = text.indexOf('"', at + 2)) {
    if (text[at + 1] !== '"') return at
  }
  return -1
}
