import {expect, test} from 'vitest'
import type {LoadVerdict} from '../../src/loadtest/verdict/types.js'
import {renderVerdict} from '../../src/render/loadtest.js'
import {columns} from '../../src/render/style.js'
import type {Report} from '../../src/report.js'
import {clientOf, failure, finding, judge, refusal, reportOf, runOf} from '../loadtest/verdict/builders.js'
import {storyRun} from '../loadtest/verdict/story.js'
import {HOSTILE, poisoned} from './hostile.js'

const PLAIN = {color: false, width: 80}

const story = async () => {
  const {run, client} = storyRun(100)
  return judge(run, client, {peaks: {cpu: 71, memory: 55}})
}

/** Three causes, one with a finding and its fix. */
const exhausted = () => {
  const fix = {
    kind: 'setting' as const,
    title: 'Put PgBouncer in front',
    risk: 'review' as const,
    note: 'a note',
    steps: [
      {
        text: 'Change the line',
        language: 'conf' as const,
        lines: ['max_connections = 200'],
        file: 'postgresql.conf',
        line: 65,
      },
    ],
    alternative: [],
    verify: [{text: 'Ask', language: 'sql' as const, lines: ['SHOW max_connections;']}],
    undo: [
      {
        text: 'Change it back',
        language: 'conf' as const,
        lines: ['max_connections = 100'],
        file: 'postgresql.conf',
        line: 65,
      },
    ],
  }
  const waits = [{type: 'Lock', event: 'tuple', count: 6}]
  const blocked = [{relation: '"public"."django_session"', count: 6}]
  return judge(
    runOf({
      activity: {total: 96, active: 12, waits, blocked, running: 5},
      refusals: [30, 60, 90].map(second => refusal(second, 'sorry, too many clients already', '53300')),
      pools: {clientsWaiting: 3},
    }),
    clientOf({
      mean: 1000,
      p95: 2000,
      failing: () => 1,
      failures: [failure('GET', '/', 'OperationalError: sorry, too many clients already', 100)],
    }),
    {report: reportOf([finding('connections/exhaustion', {title: 'max_connections = 100 is too low', fixes: [fix]})])},
  )
}

test('the story for a terminal', async () => {
  await expect(await renderVerdict(await story(), 'table', PLAIN)).toMatchFileSnapshot('loadtest/story.txt')
})

test('the story for a ticket', async () => {
  await expect(await renderVerdict(await story(), 'markdown', PLAIN)).toMatchFileSnapshot('loadtest/story.md')
})

test('several causes, and a fix', async () => {
  await expect(await renderVerdict(await exhausted(), 'table', PLAIN)).toMatchFileSnapshot('loadtest/exhausted.txt')
  await expect(await renderVerdict(await exhausted(), 'markdown', PLAIN)).toMatchFileSnapshot('loadtest/exhausted.md')
})

test('a healthy run', async () => {
  await expect(await renderVerdict(await judge(runOf(), clientOf()), 'table', PLAIN)).toMatchFileSnapshot(
    'loadtest/healthy.txt',
  )
})

test.each([80, 100])('%i columns are enough', async width => {
  for (const verdict of [await story(), await exhausted(), await judge(runOf(), null)]) {
    for (const line of (await renderVerdict(verdict, 'table', {color: false, width})).split('\n')) {
      expect(columns(line), line).toBeLessThanOrEqual(width)
    }
  }
})

test('the verdict comes first', async () => {
  const verdict = await story()
  const first = (text: string) => text.slice(0, 60).replaceAll('\n', ' ')
  expect(first(await renderVerdict(verdict, 'table', PLAIN))).toBe(verdict.headline.slice(0, 60))
  expect(await renderVerdict(verdict, 'markdown', PLAIN)).toMatch(
    /^# NO-GO for 100 users: the database does not explain 51 of/,
  )
})

test('JSON gives the verdict back', async () => {
  const verdict = await story()
  expect(JSON.parse(await renderVerdict(verdict, 'json', PLAIN))).toEqual(verdict)
})

const hostile = async () => poisoned((await exhausted()) as unknown as Report) as unknown as LoadVerdict

test.each(['table', 'json'] as const)('hostile texts do nothing to a terminal: %s', async format => {
  const text = await renderVerdict(await hostile(), format, PLAIN)
  expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/)
})

test('hostile texts stay texts in Markdown', async () => {
  const text = await renderVerdict(await hostile(), 'markdown', PLAIN)
  expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/)
  const outside = text
    .replace(/^(`{3,})\w*\n[\s\S]*?\n\1$/gm, '')
    .replace(/(?<![\\`])(`+)(?!`).*?(?<!`)\1(?!`)/g, 'CODE')
  expect(outside).not.toMatch(/<\/?(details|script)|@everyone/)
  expect(outside).not.toMatch(/^# h$/m)
})

test('an error of the client as a name, a method and a message', async () => {
  const failures = [failure(HOSTILE, HOSTILE, HOSTILE, 3)]
  const verdict = await judge(runOf(), clientOf({failing: second => (second <= 3 ? 1 : 0), failures}))
  const text = await renderVerdict(verdict, 'table', PLAIN)
  expect(text).not.toContain('\u001b')
  expect(text).toContain('\\u001B')
})
