import {describe, expect, it} from 'vitest'
import {renderOutcomes} from '../../src/render/machine.js'
import {NAGIOS_CODES, nagiosState} from '../../src/render/nagios.js'
import {crowded, down, hostile, of} from './outcomes.js'
import {finding, report, result} from './sample.js'

const found = (severity: 'high' | 'medium' | 'low') =>
  of({
    report: report([result('a/b', {status: 'found', findings: [finding('a/b', {severity})]})]),
  })
const healthy = of({report: report([result('a/b', {})])})

describe('the state', () => {
  it.each([
    ['CRITICAL', found('high'), {}],
    ['WARNING', found('medium'), {}],
    ['OK', found('low'), {}],
    ['WARNING', found('low'), {failOn: 'low'}],
    ['OK', found('medium'), {failOn: 'high'}],
    ['OK', found('high'), {failOn: 'critical'}],
    ['OK', healthy, {}],
    ['UNKNOWN', healthy, {isIncomplete: true}],
    ['UNKNOWN', down, {}],
    ['UNKNOWN', of({report: report([], {partial: true})}), {}],
    ['CRITICAL', of({report: {...found('high').report!, partial: true}}), {}],
  ] as const)('%s', (state, outcome, options) => {
    expect(nagiosState([outcome], options)).toBe(state)
  })

  it('of several is the worst; one that is down weighs more than a warning', () => {
    const partial = of({report: report([], {partial: true})})
    expect(nagiosState([healthy, down])).toBe('UNKNOWN')
    expect(nagiosState([healthy, down, found('medium')])).toBe('UNKNOWN')
    expect(nagiosState([healthy, down, found('high')])).toBe('CRITICAL')
    expect(nagiosState([healthy, partial, found('medium')])).toBe('WARNING')
    expect(NAGIOS_CODES).toEqual({OK: 0, WARNING: 1, CRITICAL: 2, UNKNOWN: 3})
  })

  it('of a verdict that cannot be given is unknown', () => {
    const unknown = report([result('a/b', {status: 'skipped'})])
    unknown.verdict.ready = null
    expect(nagiosState([of({report: unknown})])).toBe('UNKNOWN')
  })
})

/** What a plugin may print: text, then performance data after the first bar, nothing else with a bar. */
function parse(text: string): {status: string; data: string; lines: string[]} {
  const [first = '', ...lines] = text.trimEnd().split('\n')
  const [status = '', data = '', ...rest] = first.split('|')
  expect(rest).toEqual([])
  expect(text).not.toMatch(/[^\n\P{C}]/u)
  for (const pair of data.split(' ').filter(Boolean)) expect(pair).toMatch(/^[a-z]+=\d+(;\d*){0,4}$/)
  for (const line of lines) expect(line).not.toContain('|')
  return {status, data, lines}
}

describe('the text', () => {
  it('is a status line with performance data, then the findings that count', async () => {
    const {status, data, lines} = parse(await renderOutcomes([of()], 'nagios'))
    expect(status).toBe(
      'AHSP-DB CRITICAL - NOT READY for 100 users: 1 high, 1 medium, 1 low; 1 ok; 1 cannot judge; ' +
        'max_connections = 100 is too low for 100 users',
    )
    expect(data).toBe('critical=0;;0;0 high=1;;0;0 medium=1;0;;0 low=1;;;0 info=0;;;0 skipped=1;;;0')
    expect(lines).toHaveLength(2)
  })

  it('keeps hostile names out of its syntax', async () => {
    const text = await renderOutcomes([hostile(), down], 'nagios')
    const {status, lines} = parse(text)
    expect(status).toMatch(/^AHSP-DB CRITICAL - 2 databases: 1 not ready, 1 without a report/)
    expect(text).not.toMatch(/[<>\\]/)
    expect(lines[0]).toMatch(/^dead: nothing accepts connections/)
  })

  it('stays short', async () => {
    const text = await renderOutcomes([crowded(500, 'high')], 'nagios')
    expect(text.length).toBeLessThan(4096)
    expect(parse(text).lines.at(-1)).toBe('and 480 more')
  })

  it('of a server that was not reached has no numbers', async () => {
    const {status, data} = parse(await renderOutcomes([down], 'nagios'))
    expect(status).toMatch(/^AHSP-DB UNKNOWN - nothing accepts connections/)
    expect(data).toBe('')
  })
})
