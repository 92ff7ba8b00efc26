import {describe, expect, it} from 'vitest'
import {renderOutcomes} from '../../src/render/machine.js'
import {down, hostile, of} from './outcomes.js'
import {sampleReport} from './sample.js'

async function parsed(...outcomes: Parameters<typeof renderOutcomes>[0]) {
  const text = await renderOutcomes(outcomes, 'jsonl')
  expect(text.endsWith('\n')).toBe(true)
  expect(text).not.toMatch(/[^\n\P{C}]|[\u2028\u2029]/u)
  return text
    .slice(0, -1)
    .split('\n')
    .map(line => JSON.parse(line))
}

describe('jsonl', () => {
  it('has a line for each finding with all that the report says, then the verdict', async () => {
    const lines = await parsed(of())
    expect(lines.map(({type}) => type)).toEqual(['finding', 'finding', 'finding', 'verdict'])
    expect(lines[0]).toEqual({
      type: 'finding',
      target: 'db.example.com:5432/ahsp',
      at: 1_763_696_124,
      ...sampleReport().results[0]!.findings[0],
    })
    expect(lines[3]).toMatchObject({
      verdict: {ready: false, counts: {high: 1}},
      users: 100,
      place: {host: 'db.example.com', database: 'ahsp'},
      unjudged: [{rule: 'queries/slow', status: 'skipped', cure: 'GRANT pg_monitor TO "app";'}],
    })
    expect(lines[3]).not.toHaveProperty('results')
    expect(lines[3]).not.toHaveProperty('format')
  })

  it('keeps one line a server without a report, and hostile names in their place', async () => {
    const outcome = hostile()
    const lines = await parsed(outcome, down)
    expect(lines.at(-1)).toMatchObject({type: 'error', target: 'dead', code: 'REFUSED'})
    expect(lines[0]!.target).toBe(outcome.name)
  })
})
