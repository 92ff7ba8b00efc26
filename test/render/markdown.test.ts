import {describe, expect, it} from 'vitest'
import {markdown} from '../../src/render/markdown.js'
import {poisoned} from './hostile.js'
import {finding, report, result, sampleReport} from './sample.js'

/** What Markdown reads outside fences and code spans. */
function outsideCode(text: string): string {
  const lines: string[] = []
  let open = ''
  for (const line of text.split('\n')) {
    const ticks = /^(`{3,})(\w*)$/.exec(line)
    if (open) {
      if (line === open) open = ''
    } else if (ticks) open = ticks[1]!
    else lines.push(line.replace(/(?<![\\`])(`+)(?!`).*?(?<!`)\1(?!`)/g, 'CODE'))
  }
  expect(open, 'every fence is closed').toBe('')
  return lines.join('\n')
}

describe('markdown', () => {
  const text = markdown(sampleReport())

  it('tells three of the many findings of one rule, names seven, and counts the rest', () => {
    const findings = Array.from({length: 50}, (_, at) => finding('indexes/duplicate', {subject: `"i${at}"`}))
    const long = markdown(report([result('indexes/duplicate', {status: 'found', findings})]))
    expect(long.match(/^## \d+\. /gm)).toHaveLength(3)
    expect(long).toContain('indexes/duplicate: and 47 more')
    expect(long.match(/^- `"i\d+"`$/gm)).toHaveLength(7)
    expect(long).toContain('- and 40 more: all are in the JSON report')
  })

  it('is deterministic and ends with how it was produced', () => {
    expect(markdown(sampleReport())).toBe(text)
    expect(text.split('\n').at(-2)).toBe(
      'ahsp-db 0.1.0 · 2025-11-21 03:35:24 UTC · PostgreSQL 15.18 on db.example.com:5432/ahsp as app · Debian/Ubuntu cluster: config_file is /etc/postgresql/15/main/postgresql.conf · statistics of 3 d 4 h, since 2025-11-17 23:35:24 UTC',
    )
  })

  it('begins with the verdict and a table of the findings', () => {
    expect(text.slice(0, text.indexOf('\n## '))).toMatchInlineSnapshot(`
      "# NOT READY for 100 users: 1 high, 1 medium, 1 low; 1 ok; 1 cannot judge

      | # | severity | finding | object | confidence |
      | --- | --- | --- | --- | --- |
      | 1 | high | max_connections = 100 is too low for 100 users | \`max_connections\` | assumed |
      | 2 | medium | Foreign key "project_id" has no index | \`"public"."detail_project_pekerjaan"\` | measured |
      | 3 | low | No statement timeout | \`statement_timeout\` | measured |
      "
    `)
  })

  it('prints conf lines with the place as their first comment', () => {
    expect(text).toContain(
      '```conf\n# /etc/postgresql/15/main/postgresql.conf, line 65 - was: max_connections = 100\nmax_connections = 200\n```',
    )
    expect(text).toContain(
      '```conf\n# /etc/postgresql/15/main/postgresql.conf - add at the end\nstatement_timeout = 30s\n```',
    )
    expect(text).toContain('```conf\n# /etc/postgresql/15/main/postgresql.conf - remove: statement_timeout = 30s\n```')
    expect(text).toContain('```python\n')
    expect(text).toContain('needs `GRANT pg_monitor TO "app";`')
  })

  it('lets no hostile name act', () => {
    const hostile = markdown(poisoned(sampleReport()))
    expect(hostile).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/)
    const read = outsideCode(hostile)
    expect(read).not.toMatch(/<script|@everyone|^# h/m)
    expect(read.match(/<[a-z/]+>/g)).toEqual(outsideCode(text).match(/<[a-z/]+>/g))
    for (const row of read.split('\n').filter(line => line.startsWith('|'))) {
      expect([4, 6]).toContain(row.match(/(?<!\\)\|/g)?.length)
    }
  })

  it('copes with nothing found, no server and no statistics', () => {
    const bare = report([result('connections/saturation', {})], {
      server: null,
      statistics: {since: null, seconds: null},
    })
    expect(markdown(bare)).not.toMatch(/undefined|NaN|null/)
  })
})
