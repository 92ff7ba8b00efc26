import {describe, expect, it} from 'vitest'
import {renderOutcomes} from '../../src/render/machine.js'
import {METRICS} from '../../src/render/prometheus-metrics.js'
import {crowded, down, hostile, of} from './outcomes.js'
import {report, result} from './sample.js'

type Sample = {name: string; labels: Record<string, string>; value: number}

/** The text format by its grammar: anything that is not in it fails. One block a metric, HELP and TYPE in front. */
function parse(text: string): Sample[] {
  expect(text.endsWith('\n')).toBe(true)
  const samples: Sample[] = []
  const seen = new Set<string>()
  const series = new Set<string>()
  let help = ''
  let current = ''
  for (const line of text.slice(0, -1).split('\n')) {
    const helped = /^# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) (?:[^\\]|\\\\|\\n)*$/.exec(line)
    const typed = /^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) gauge$/.exec(line)
    if (helped) {
      help = helped[1]!
    } else if (typed) {
      current = typed[1]!
      expect(help, line).toBe(current)
      expect(seen.has(current), `${current} in one block`).toBe(false)
      seen.add(current)
    } else {
      const found = /^([a-zA-Z_:][a-zA-Z0-9_:]*)\{((?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)*)\} (-?\d+(?:\.\d+)?)$/.exec(
        line,
      )
      expect(found, line).not.toBeNull()
      const [, name, pairs, value] = found as unknown as [string, string, string, string]
      expect(name).toBe(current)
      expect(series.has(`${name}{${pairs}}`), `twice: ${line}`).toBe(false)
      series.add(`${name}{${pairs}}`)
      const labels = [...pairs.matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"(?:,|$)/g)]
      expect(labels.map(([whole]) => whole).join('')).toBe(pairs)
      const decode = (label: string) => label.replace(/\\(.)/g, (_, char) => (char === 'n' ? '\n' : char))
      samples.push({
        name,
        labels: Object.fromEntries(labels.map(([, label, raw]) => [label, decode(raw!)])),
        value: Number(value),
      })
    }
  }
  return samples
}

describe('prometheus', () => {
  it('counts the findings of each severity, also none', async () => {
    const samples = parse(await renderOutcomes([of()], 'prometheus'))
    const findings = samples.filter(({name}) => name === 'ahsp_db_findings')
    expect(Object.fromEntries(findings.map(({labels, value}) => [labels.severity, value]))).toEqual({
      critical: 0,
      high: 1,
      medium: 1,
      low: 1,
      info: 0,
    })
    expect(samples).toContainEqual({name: 'ahsp_db_up', labels: {target: 'db.example.com:5432/ahsp'}, value: 1})
    expect(samples).toContainEqual({
      name: 'ahsp_db_finding_info',
      labels: {
        target: 'db.example.com:5432/ahsp',
        rule: 'indexes/foreign-key-unindexed',
        severity: 'medium',
        subject: '"public"."detail_project_pekerjaan"',
        confidence: 'measured',
      },
      value: 1,
    })
  })

  it('carries hostile names as label values, several servers in one block a metric, and the dead', async () => {
    const samples = parse(await renderOutcomes([hostile(), of({name: 'fine'}), down], 'prometheus'))
    const up = samples.filter(({name}) => name === 'ahsp_db_up')
    expect(up.map(({value}) => value)).toEqual([1, 1, 0])
    expect(up[0]!.labels.target).toContain('x"; DROP TABLE y; -- \\u001B]0;pwned')
    expect(samples).toContainEqual({name: 'ahsp_db_error_info', labels: {target: 'dead', code: 'REFUSED'}, value: 1})
    for (const {labels} of samples) for (const value of Object.values(labels)) expect(value.length).toBeLessThan(210)
  })

  it('has at most 100 series for the findings of one server, and says how many are left', async () => {
    const samples = parse(await renderOutcomes([crowded(350)], 'prometheus'))
    expect(samples.filter(({name}) => name === 'ahsp_db_finding_info')).toHaveLength(100)
    expect(samples.find(({name}) => name === 'ahsp_db_findings_unlisted')?.value).toBe(250)
  })

  it('leaves out what is not known', async () => {
    const unknown = report([result('queries/slow', {status: 'skipped'})], {users: null})
    unknown.verdict.ready = null
    const names = parse(await renderOutcomes([of({report: unknown})], 'prometheus')).map(({name}) => name)
    expect(names).not.toContain('ahsp_db_ready')
    expect(names).not.toContain('ahsp_db_users')
  })

  it('has the declared names and labels, and no others', async () => {
    const samples = parse(await renderOutcomes([of(), down], 'prometheus'))
    for (const {name, labels} of samples) {
      const {labels: known} = METRICS[name as keyof typeof METRICS]
      expect(Object.keys(labels)).toEqual(['target', ...known])
    }
  })
})
