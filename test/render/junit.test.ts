import {describe, expect, it} from 'vitest'
import {renderOutcomes} from '../../src/render/machine.js'
import {crowded, down, hostile, of} from './outcomes.js'
import {finding, report, result} from './sample.js'
import {parseXml} from './xml.js'

describe('junit', () => {
  it('has a suite for the server and a test case for each rule; below --fail-on it passes', async () => {
    const root = parseXml(await renderOutcomes([of()], 'junit'))
    expect(root.attributes).toMatchObject({tests: '5', failures: '1', errors: '0'})
    const [suite] = root.children
    expect(suite!.attributes).toMatchObject({
      id: '0',
      name: 'db.example.com:5432/ahsp',
      tests: '5',
      failures: '1',
      skipped: '1',
      timestamp: '2025-11-21T03:35:24',
      hostname: 'db.example.com',
    })
    const cases = suite!.children.filter(({name}) => name === 'testcase')
    expect(cases.map(({attributes, children}) => [attributes.name, children[0]!.name])).toEqual([
      ['connections/exhaustion', 'failure'],
      ['indexes/foreign-key-unindexed', 'system-out'],
      ['timeouts/statement', 'system-out'],
      ['queries/slow', 'skipped'],
      ['connections/saturation', 'system-out'],
    ])
    const [failure] = cases[0]!.children
    expect(failure!.attributes).toEqual({type: 'high', message: 'max_connections = 100 is too low for 100 users'})
    expect(failure!.text).toContain('\n    max_connections = 200')
    expect(cases[3]!.children[0]!.attributes.message).toContain('needs GRANT pg_monitor TO "app";')
  })

  it('fails what --fail-on names', async () => {
    const root = parseXml(await renderOutcomes([of()], 'junit', {failOn: 'low'}))
    expect(root.attributes.failures).toBe('3')
  })

  it('is well-formed for hostile names, and reads back as they were', async () => {
    const nasty = `${String.fromCharCode(0)}\ufffe\ufffff\ud800 ]]> & < " '`
    const broken = report([
      result('a/b', {
        status: 'found',
        findings: [finding('a/b', {title: nasty, subject: nasty, detail: `1\n${nasty}`})],
      }),
      result('c/d', {status: 'error', summary: nasty}),
    ])
    const root = parseXml(await renderOutcomes([hostile(), of({report: broken}), down], 'junit'))
    const [first, second, third] = root.children
    expect(first!.attributes.name).toContain('<script>alert(1)</script>')
    const [failed, wrong] = second!.children
    expect(failed!.children[0]!.attributes.message).toBe(`\\u0000\\uFFFE\\uFFFFf\\uD800 ]]> & < " '`)
    expect(wrong!.children[0]!.name).toBe('error')
    expect(third!.children[0]!.children[0]!.attributes.type).toBe('REFUSED')
    expect(root.attributes.errors).toBe('2')
  })

  it('tells twenty findings of one rule and counts the rest', async () => {
    const root = parseXml(await renderOutcomes([crowded(300, 'high')], 'junit'))
    const [failure] = root.children[0]!.children[0]!.children
    expect(failure!.attributes.message).toBe('300 findings; "i0" is a duplicate')
    expect(failure!.text).toMatch(/\n\nand 280 more$/)
  })
})
