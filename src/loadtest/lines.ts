import {createReadStream} from 'node:fs'

/** A snapshot of the largest database is some megabytes. */
const LONGEST = 256 * 2 ** 20

export type Line = {text: string /** false: the file ends within it */; isWhole: boolean}

/** The lines of a file, one after the other. Throws what the file system says, and an Error for an endless line. */
export async function* linesOf(file: string): AsyncGenerator<Line> {
  let parts: string[] = []
  let length = 0
  for await (const chunk of createReadStream(file, {encoding: 'utf8'}) as AsyncIterable<string>) {
    let at = 0
    for (let end = chunk.indexOf('\n'); end !== -1; end = chunk.indexOf('\n', at)) {
      yield {text: parts.join('') + chunk.slice(at, end), isWhole: true}
      parts = []
      length = 0
      at = end + 1
    }
    parts.push(chunk.slice(at))
    length += chunk.length - at
    if (length > LONGEST) throw new Error('a line has no end')
  }
  const text = parts.join('')
  if (text !== '') yield {text, isWhole: false}
}
