import {describe, expect, it} from 'vitest'
import {render} from '../../src/render/index.js'
import {columns} from '../../src/render/style.js'
import type {Report} from '../../src/report.js'
import type {Severity} from '../../src/rule.js'
import {poisoned} from './hostile.js'
import {finding, report, result, sampleReport} from './sample.js'

const table = (of: Report, width = 80, color = false) => render(of, 'table', {color, width})
const ANSI = /\u001b\[[0-9;]*m/g

/** All that must be copied as it is: it may be wider than the terminal. */
const typed = (of: Report) =>
  of.results.flatMap(({findings, cure}) => [
    ...(cure ? [cure] : []),
    ...findings.flatMap(({fixes}) =>
      fixes.flatMap(({steps, alternative, verify, undo}) =>
        [...steps, ...alternative, ...verify, ...undo].flatMap(({lines, replaces}) => [...lines, replaces ?? '']),
      ),
    ),
  ])

describe('table', () => {
  it('says verdict, findings with their fixes, then the rest', async () => {
    const text = await table(sampleReport())
    expect(text.split('\n')[0]).toBe('NOT READY for 100 users: 1 high, 1 medium, 1 low; 1 ok; 1 cannot judge')
    expect(text.slice(text.indexOf('HIGH '), text.indexOf('  Fix: Keep'))).toMatchInlineSnapshot(`
      "HIGH      max_connections = 100 is too low for 100 users
                connections/exhaustion · max_connections · assumed
        The application would need about 125 backends, and 97 are usable. No refused
        connection was seen, so this is what the users you named would need, not what
        was measured.

        usable connections  97   pg_settings
        demand              125  assumption: 1 backend per user + 25

        Fix: Set max_connections = 200 (review first; needs a restart)
          Change the line in /etc/postgresql/15/main/postgresql.conf, line 65
            # was: max_connections = 100
            max_connections = 200
          Restart (ends every session)
            sudo systemctl restart postgresql@15-main
          verify  ahsp-db check --only connections/exhaustion
          undo  max_connections = 100   then restart
      "
    `)
    expect(text.slice(text.indexOf('?? '))).toMatchInlineSnapshot(`
      "??  queries/slow: the texts of the statements are hidden; needs
            GRANT pg_monitor TO "app";
      ok  connections/saturation: 12 of 97 usable connections in use

      All steps in order:   ahsp-db fix
      Why a rule asks:      ahsp-db explain RULE
      "
    `)
  })

  it.each([80, 60, 200])('fits %i columns, but never breaks what is to be typed', async width => {
    const long = 'a'.repeat(300)
    const sample = sampleReport()
    sample.results[0]!.findings[0]!.title +=
      ` ${long} 漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字`
    sample.results[1]!.findings[0]!.evidence[0]!.source = `${long} ${long}`
    const text = await table(sample, width)
    const verbatim = typed(sample)
    for (const line of text.split('\n')) {
      const isTyped = verbatim.some(each => each !== '' && line.includes(each))
      if (!isTyped) expect(columns(line), line).toBeLessThanOrEqual(Math.min(width, 100))
    }
    expect(text).toContain('"public"."detail_project_pekerjaan" ("project_id");\n')
  })

  it('colours only when asked, and says the same then', async () => {
    const plain = await table(sampleReport())
    const colored = await table(sampleReport(), 80, true)
    expect(plain).not.toContain('\u001b')
    expect(colored).toContain('\u001b[31mHIGH\u001b[0m')
    expect(colored.replace(ANSI, '')).toBe(plain)
  })

  it.each(['table', 'brief', 'json'] as const)('%s: no hostile name reaches the terminal', async format => {
    const text = await render(poisoned(sampleReport()), format, {color: false, width: 80})
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/)
    expect(text).not.toMatch(/^# h$/m)
    if (format === 'json') expect(JSON.parse(text)).toEqual(poisoned(sampleReport()))
  })

  const duplicates = (count: number, rule = 'indexes/duplicate', severity: Severity = 'low') =>
    Array.from({length: count}, (_, at) =>
      finding(rule, {severity, subject: `"i${at}"`, detail: 'Costs writes.'}, [
        {kind: 'sql', title: 'Drop it', statements: [`DROP INDEX "i${at}"`], undo: [], lock: 'short'},
      ]),
    )

  it('counts the many findings of one rule, and prints them all with full', async () => {
    const many = report([result('indexes/duplicate', {status: 'found', findings: duplicates(50)})])
    const text = await table(many)
    expect(text).toContain('and 49 more')
    expect(text).toContain('47 more findings')
    expect(text.match(/Costs writes/g)).toHaveLength(1)
    expect(text.match(/DROP INDEX "i\d+";/g)).toHaveLength(3)
    const full = await render(many, 'table', {color: false, width: 80, full: true})
    expect(full.match(/Costs writes/g)).toHaveLength(50)
    expect(new Set(full.match(/DROP INDEX "i\d+";/g)).size).toBe(50)
  })

  it('keeps to a page or two on a badly neglected database', async () => {
    const rules = Array.from({length: 25}, (_, at) =>
      result(`indexes/rule-${at}`, {
        status: 'found',
        findings: duplicates(20, `indexes/rule-${at}`, at < 3 ? 'high' : 'low'),
      }),
    )
    const text = await table(report(rules))
    expect(text.split('\n').length).toBeLessThan(160)
    for (const {rule} of rules) expect(text).toContain(rule)
  })

  it('shows warnings, errors, ignored findings and an incomplete run', async () => {
    const text = await table(
      report([result('a/b', {status: 'error', summary: 'the rule failed'})], {
        warnings: ['server 19 is newer than this tool'],
        partial: true,
        ignored: [{rule: 'c/d', subject: 'x', reason: 'known', until: '2027-01-01'}],
      }),
    )
    expect(text).toContain('!!  server 19 is newer than this tool')
    expect(text).toContain('!!  the run was cut short')
    expect(text).toContain('!!  a/b: the rule failed')
    expect(text).toContain('--  c/d: x is ignored: known (until 2027-01-01)')
  })

  it('brief has one line per finding', async () => {
    const lines = (await render(sampleReport(), 'brief', {color: false, width: 80})).trimEnd().split('\n')
    expect(lines).toHaveLength(4)
    expect(lines[1]).toBe(
      'high      connections/exhaustion  max_connections  max_connections = 100 is too low for 100 users',
    )
  })
})
