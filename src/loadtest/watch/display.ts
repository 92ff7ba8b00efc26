import {terminal} from '../../cli/output.js'
import type {Connection} from '../../connect/postgres.js'
import {placeOf} from '../../connect/settings.js'
import {prose} from '../../render/sanitize.js'
import {number} from '../../units.js'
import type {RunRecord} from '../record.js'
import type {Output} from './command.js'
import {type Live, liveState} from './live.js'
import {openScreen} from './screen.js'
import {clock, plainLine, times, viewLines} from './view.js'

export type Display = {
  add: (record: RunRecord) => void
  /** where texts of statements come from */
  use: (textOf: (queryid: string) => string | null) => void
  /** one line for people */
  say: (line: string) => void
  /** where the command writes */
  output: Output
  ending: () => void
  summary: (file: string, notes: readonly string[]) => void
  close: () => void
}

/** Seconds between two lines where there is no screen. */
const LINE_EVERY = 5

/** On standard error: a view that stays in place on a terminal, else a line now and then. */
export function openDisplay(about: {connection: Connection; startedAt: number; users: number | null}): Display {
  const {connection, startedAt, users} = about
  const {live, add} = liveState(startedAt)
  const stream = process.stderr
  const screen = openScreen(stream)
  const {host, port, database} = connection.target
  const target = `${database} at ${placeOf({host, port})}`
  let textOf: (queryid: string) => string | null = () => null
  let lastLine = Number.NEGATIVE_INFINITY
  const say = (line: string) => {
    const text = `${prose(line)}\n`
    if (screen) screen.print(text)
    else stream.write(text)
  }
  const paint = () => screen?.show(viewLines(live, {...terminal(stream), target, users, textOf: id => textOf(id)}))
  const print = (to: NodeJS.WriteStream) => (screen && to.isTTY ? (text: string) => screen.print(text, to) : undefined)
  return {
    say,
    output: {stdout: print(process.stdout), stderr: print(process.stderr)},
    use(given) {
      textOf = given
    },
    add(record) {
      add(record)
      if (record.type !== 'activity' && record.type !== 'refused') return
      if (screen) paint()
      else if (live.seen.seconds - lastLine >= LINE_EVERY - 0.5) {
        lastLine = live.seen.seconds
        stream.write(`${plainLine(live)}\n`)
      }
    },
    ending: () => say('reading the last snapshot ...'),
    summary(file, notes) {
      screen?.close()
      for (const line of summaryLines(live, file, notes)) say(line)
    },
    close: () => screen?.close(),
  }
}

function summaryLines(live: Live, file: string, notes: readonly string[]): string[] {
  const {seconds, samples, peak} = live.seen
  const refused = live.refusals.count > 0 ? `, refused ${times(live.refusals.count)}` : ''
  const usable = live.counters ? ` of ${number(live.counters.usable)}` : ''
  return [
    `watched ${clock(seconds)}: ${number(samples)} samples, at most ${number(peak)}${usable} connections${refused}`,
    ...notes.map(note => `note: ${note}`),
    `${file}: judge it with  ahsp-db loadtest verdict ${shellWord(file)}`,
  ]
}

const shellWord = (text: string) => (/^[\w./:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`)
