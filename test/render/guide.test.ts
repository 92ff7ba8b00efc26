import {parse} from 'libpg-query'
import {describe, expect, it} from 'vitest'
import {guide} from '../../src/render/guide.js'
import {poisoned} from './hostile.js'
import {finding, report, result, sampleReport} from './sample.js'

const setting = (rule: string, name: string, to: string) =>
  result(rule, {status: 'found', findings: [finding(rule, {subject: name}, [{kind: 'setting', name, to}])]})

describe('guide', () => {
  it('goes from back up to undo, with one restart for all', () => {
    const text = guide(sampleReport(), 'markdown')
    expect(text.match(/^(## |# NOT).*/gm)).toEqual([
      '# NOT READY for 100 users: 1 high, 1 medium, 1 low; 1 ok; 1 cannot judge',
      '## 1. Back up',
      '## 2. Edit',
      '## 3. SQL',
      '## 4. Application and operation',
      '## 5. Apply',
      '## 6. Verify',
      '## 7. Undo',
    ])
    const conf = '/etc/postgresql/15/main/postgresql.conf'
    expect(text).toContain(`sudo cp -p '${conf}' '${conf}.before-ahsp-db'`)
    expect(text).toContain(
      `# ${conf}, line 65 - was: max_connections = 100\nmax_connections = 200\n# ${conf} - add at the end\nstatement_timeout = 30s\n\`\`\``,
    )
    const [before, undo] = text.split('Undo')
    expect(before!.match(/systemctl restart/g)).toHaveLength(1)
    expect(before).not.toContain('pg_ctlcluster')
    expect(undo).toMatch(/max_connections = 100[\s\S]*systemctl restart/)
  })

  it('sql: statements that parse, nothing else but comments', async () => {
    const text = guide(sampleReport(), 'sql')
    expect(text).toMatchInlineSnapshot(`
      "-- ahsp-db 0.1.0: PostgreSQL 15.18 on db.example.com:5432/ahsp as app

      -- indexes/foreign-key-unindexed: Create the index
      -- lock: SHARE UPDATE EXCLUSIVE: reads and writes go on
      -- Cannot run inside a transaction block: run each statement by itself. If it is interrupted it leaves an INVALID index behind: drop that, then run it again.
      CREATE INDEX CONCURRENTLY "detail_project_pekerjaan_project_id_idx" ON "public"."detail_project_pekerjaan" ("project_id");

      -- Instead of lines in the configuration file, as a superuser:
      -- ALTER SYSTEM SET max_connections = 200;
      -- ALTER SYSTEM SET statement_timeout = '30s';
      "
    `)
    expect((await parse(text)).stmts).toHaveLength(1)
  })

  it('sql: a hostile title stays in its comment', async () => {
    const sample = sampleReport()
    sample.results[1]!.findings[0]!.fixes[0]!.title = 'x\nDROP TABLE a; \u2028DROP TABLE b;\r\u0085DROP TABLE c;'
    expect((await parse(guide(sample, 'sql'))).stmts).toHaveLength(1)
    for (const format of ['markdown', 'sql', 'conf'] as const) {
      expect(guide(poisoned(sample), format)).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e\u2066]/)
    }
    for (const line of guide(poisoned(sample), 'conf').split('\n')) {
      expect(line).toMatch(/^($|#|max_connections = |statement_timeout = )/)
    }
  })

  it('conf: lines under the comment that says where they go', () => {
    expect(guide(sampleReport(), 'conf')).toMatchInlineSnapshot(`
      "# ahsp-db 0.1.0: PostgreSQL 15.18 on db.example.com:5432/ahsp as app

      # /etc/postgresql/15/main/postgresql.conf, line 65 - was: max_connections = 100
      max_connections = 200

      # /etc/postgresql/15/main/postgresql.conf - add at the end
      statement_timeout = 30s

      # then: Restart (ends every session)
      #   sudo systemctl restart postgresql@15-main
      "
    `)
  })

  it('prints a change once, and names a disagreement', () => {
    const text = guide(
      report([
        setting('a/a', 'max_connections', '200'),
        setting('b/b', 'max_connections', '200'),
        setting('c/c', 'max_connections', '300'),
      ]),
      'markdown',
    )
    expect(text.match(/^max_connections = \d+$/gm)).toEqual(['max_connections = 200', 'max_connections = 100'])
    expect(text).toContain('> max_connections: a/a asks for 200, c/c for 300; the first is printed')
  })

  it('says so when nothing is to be changed', () => {
    expect(guide(report([]), 'markdown')).toContain('Nothing to change.')
  })

  it('copies with the words of Windows and Docker', () => {
    const sample = sampleReport()
    const block = sample.results[0]!.findings[0]!.fixes[0]!.steps[0]!
    block.file = 'C:/Program Files/PostgreSQL/15/data/postgresql.conf'
    expect(guide(sample, 'markdown')).toContain(
      'copy "C:\\Program Files\\PostgreSQL\\15\\data\\postgresql.conf" "C:\\Program Files\\PostgreSQL\\15\\data\\postgresql.conf.before-ahsp-db"',
    )
    sample.server!.platform = 'Docker official image'
    expect(guide(sample, 'markdown')).toContain('docker exec <container> cp -p')
  })
})
