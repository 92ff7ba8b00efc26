import {describe, expect, it} from 'vitest'
import {CSV_COLUMNS} from '../../src/render/csv.js'
import {renderOutcomes} from '../../src/render/machine.js'
import {crowded, down, hostile, of} from './outcomes.js'
import {finding, report, result} from './sample.js'

/** RFC 4180, strictly. */
function parse(text: string): Record<string, string>[] {
  expect(text).toMatch(/^(?:"(?:[^"\r\n]|"")*"(?:,"(?:[^"\r\n]|"")*")*\r\n)+$/)
  const rows = text
    .slice(0, -2)
    .split('\r\n')
    .map(line => [...line.matchAll(/"((?:[^"]|"")*)"(?:,|$)/g)].map(([, field]) => field!.replaceAll('""', '"')))
  const [head, ...rest] = rows
  expect(head).toEqual(CSV_COLUMNS)
  for (const row of rest) expect(row).toHaveLength(CSV_COLUMNS.length)
  return rest.map(row => Object.fromEntries(CSV_COLUMNS.map((column, at) => [column, row[at]!])))
}

describe('csv', () => {
  it('has a row for each finding, worst first', async () => {
    const rows = parse(await renderOutcomes([of()], 'csv'))
    expect(rows.map(({severity, rule}) => `${severity} ${rule}`)).toEqual([
      'high connections/exhaustion',
      'medium indexes/foreign-key-unindexed',
      'low timeouts/statement',
    ])
    expect(rows[1]).toMatchObject({
      target: 'db.example.com:5432/ahsp',
      time: '2025-11-21 03:35:24 UTC',
      subject: '"public"."detail_project_pekerjaan"',
      evidence: 'table size: 118 MB',
      fix: 'Create the index',
    })
    expect(parse(await renderOutcomes([crowded(500)], 'csv'))).toHaveLength(500)
  })

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', ' =1', '\t=1', '\r\n=1', '\uff1d1', '\ufeff=1'])(
    'is no formula: %j',
    async text => {
      const poisonous = report([
        result('a/b', {status: 'found', findings: [finding('a/b', {title: text, subject: text})]}),
      ])
      const [row] = parse(await renderOutcomes([of({name: text, report: poisonous})], 'csv'))
      for (const column of ['target', 'title', 'subject'] as const) expect(row![column]).toMatch(/^['\\]/)
    },
  )

  it('holds hostile names, and a row for a server without a report', async () => {
    const rows = parse(await renderOutcomes([hostile(), down], 'csv'))
    expect(rows).toHaveLength(4)
    expect(rows[3]).toMatchObject({target: 'dead', severity: 'unknown', rule: '', fingerprint: 'error REFUSED'})
  })
})
