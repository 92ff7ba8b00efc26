import {readFileSync} from 'node:fs'
import {expect, it} from 'vitest'
import {causes} from '../../src/loadtest/verdict/causes/index.js'
import {ladderOf} from '../../src/loadtest/verdict/phases.js'

const text = readFileSync(new URL('../../docs/load-tests.md', import.meta.url), 'utf8')

/** Cells of the rows of the table that begins with this cell. */
function tableOf(head: string): string[][] {
  const lines = text.split('\n')
  const start = lines.findIndex(line => line.startsWith(`| ${head} |`))
  const end = lines.findIndex((line, at) => at > start && !line.startsWith('|'))
  const rows = lines.slice(start + 2, end)
  return rows.map(line =>
    line
      .split('|')
      .slice(1, -1)
      .map(cell => cell.trim()),
  )
}

it('the page has all causes, in their order, with their titles', () => {
  expect(tableOf('cause').map(([id, title]) => ({id, title}))).toEqual(
    causes.map(({id, title}) => ({id: `\`${id}\``, title})),
  )
})

it('the page has the ladder as it is', () => {
  const limit = (sign: string, value: number | null, unit: string) =>
    value === null ? '-' : `${sign} ${value} ${unit}`
  const rows = ladderOf().map(({name, users, success, errors, p50, p95, p99, isInclusive}) => {
    const [more, less] = isInclusive ? ['>=', '<='] : ['>', '<']
    const latencies = [p50, p95, p99].map(value => limit(less, value, 'ms'))
    return [name, String(users), limit(more, success, '%'), limit(less, errors, '%'), ...latencies]
  })
  expect(tableOf('phase')).toEqual(rows)
})
