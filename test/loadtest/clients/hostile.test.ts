import {expect, it} from 'vitest'
import {CliError} from '../../../src/errors.js'
import type {ClientRun} from '../../../src/loadtest/client.js'
import {readK6} from '../../../src/loadtest/clients/k6.js'
import {readLocust} from '../../../src/loadtest/clients/locust.js'
import {plateaus} from '../../../src/loadtest/plateaus.js'
import * as files from './files.js'

const {write} = files.temporaryFiles()
const SAMPLES = [
  ...files.k6Request(files.START, 10, {}),
  ...files.k6Request(files.START + 1, 60, {error: 'x', failed: true}),
]
const WHOLE = [
  files.STATS,
  files.FULL_HISTORY,
  files.FAILURES,
  files.EXCEPTIONS,
  files.k6Csv(SAMPLES),
  files.k6JsonLines(SAMPLES),
  JSON.stringify(files.HANDLE_SUMMARY),
  JSON.stringify(files.SUMMARY_EXPORT),
  JSON.stringify(files.MACHINE_READABLE),
]
const PIECES = [
  '"',
  '\n',
  ',',
  '\0',
  '9e99',
  '-1',
  'null',
  '{',
  '}',
  '[]',
  '\r',
  '9'.repeat(20),
  '\u{1f600}',
  '""',
  ':',
]

/** The same numbers each time. */
function sequence(seed: number) {
  let state = seed
  return (below: number) => {
    state = (state * 1103515245 + 12345) % 2 ** 31
    return state % below
  }
}

function spoilt(next: (below: number) => number): string {
  let text = WHOLE[next(WHOLE.length)]!
  for (let left = 1 + next(4); left > 0; left -= 1) {
    const at = next(text.length)
    text = text.slice(0, at) + PIECES[next(PIECES.length)]! + text.slice(at + next(12))
  }
  return text
}

/** Every number is finite and not below 0, as JSON shows. */
const isSane = (run: ClientRun) =>
  !JSON.stringify([run, plateaus(run)], (_, value) =>
    typeof value === 'number' && !(value >= 0 && value < Number.POSITIVE_INFINITY) ? 'INSANE' : value,
  ).includes('"INSANE"')

it('spoilt files are read or refused in one line, and give no impossible number', async () => {
  const next = sequence(7)
  let read = 0
  for (let i = 0; i < 800; i += 1) {
    const file = write('spoilt', spoilt(next))
    for (const reader of [readLocust, readK6]) {
      const run = await reader(file).catch((error: unknown) => {
        expect(error).toBeInstanceOf(CliError)
        expect((error as CliError).line).not.toContain('\n')
        return null
      })
      if (!run) continue
      read += 1
      expect(isSane(run)).toBe(true)
      for (const {requests, failures} of [...run.points, ...run.endpoints])
        expect(failures).toBeLessThanOrEqual(requests)
    }
  }
  expect(read).toBeGreaterThan(200)
})
