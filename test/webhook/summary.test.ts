import {describe, expect, it} from 'vitest'
import type {Diff} from '../../src/diff/diff-types.js'
import {bodyOf} from '../../src/webhook/body.js'
import {summaryOf} from '../../src/webhook/summary.js'
import {crowded, down, hostile, of} from '../render/outcomes.js'
import {finding, report, result} from '../render/sample.js'

const diff = {findings: {new: [1, 2], worse: [], better: [3], gone: []}} as unknown as Diff

describe('the summary', () => {
  it('says what counts, and nothing of hosts, users, statements or evidence', () => {
    const body = bodyOf(summaryOf(of(), diff), 'generic')
    expect(JSON.parse(body)).toEqual({
      format: 'ahsp-db/summary',
      version: 1,
      target: 'ahsp',
      time: '2025-11-21 03:35:24 UTC',
      ready: false,
      headline: 'NOT READY for 100 users: 1 high, 1 medium, 1 low; 1 ok; 1 cannot judge',
      counts: {critical: 0, high: 1, medium: 1, low: 1, info: 0},
      findings: [
        {severity: 'high', rule: 'connections/exhaustion', title: 'max_connections = 100 is too low for 100 users'},
        {severity: 'medium', rule: 'indexes/foreign-key-unindexed', title: 'Foreign key "project_id" has no index'},
        {severity: 'low', rule: 'timeouts/statement', title: 'No statement timeout'},
      ],
      more: 0,
      since: {new: 2, worse: 0, better: 1, gone: 0},
    })
    for (const inside of ['db.example.com', 'app"', 'postgresql.conf', 'CREATE INDEX', 'DETAIL']) {
      expect(body).not.toContain(inside)
    }
  })

  it('hides addresses and passwords in titles', () => {
    const title = 'role "app" from 10.0.0.3, fd00::12: postgres://u:hunter2@h/d, PgBouncer 1.18.0 x::abs'
    const outcome = of({report: report([result('a/b', {status: 'found', findings: [finding('a/b', {title})]})])})
    expect(summaryOf(outcome).findings[0]!.title).toBe(
      'role "app" from <address>, <address> postgres://u:<redacted>@h/d, PgBouncer 1.18.0 x::abs',
    )
  })

  it('stays short, whatever is found', () => {
    const summary = summaryOf(crowded(500, 'high'))
    expect(summary.findings).toHaveLength(5)
    expect(summary.more).toBe(495)
    // Slack refuses a text of more than 3000 characters.
    for (const each of [summary, summaryOf(hostile())]) {
      expect(JSON.parse(bodyOf(each, 'slack')).blocks[0].text.text.length).toBeLessThan(3000)
    }
  })

  it('of a run without a report is its code alone', () => {
    expect(summaryOf(down)).toMatchObject({target: 'dead', ready: null, headline: 'NO REPORT: REFUSED'})
  })
})

describe("Slack's message", () => {
  it('is plain text with what is new first', () => {
    const message = JSON.parse(bodyOf(summaryOf(of(), diff), 'slack'))
    expect(message.text).toBe('ahsp: NOT READY for 100 users: 1 high, 1 medium, 1 low; 1 ok; 1 cannot judge')
    expect(message.blocks[0].text).toMatchObject({type: 'plain_text', emoji: false})
    expect(message.blocks[0].text.text.split('\n').slice(1, 3)).toEqual([
      'since the run before: 2 new, 1 better',
      '- high connections/exhaustion: max_connections = 100 is too low for 100 users',
    ])
    expect(message.blocks[1].elements[0].text).toBe('2025-11-21 03:35:24 UTC - ahsp-db')
  })

  it('mentions nobody and links nothing', () => {
    const named = of({name: '<!channel> <https://evil.example|here> & <@U1>'})
    expect(JSON.parse(bodyOf(summaryOf(named), 'slack')).text).toMatch(
      /^&lt;!channel&gt; &lt;https:\/\/evil\.example\|here&gt; &amp; &lt;@U1&gt;: /,
    )
  })
})
