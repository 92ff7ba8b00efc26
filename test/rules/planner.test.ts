import {describe, expect, it} from 'vitest'
import type {Context} from '../../src/rule.js'
import randomPageCost from '../../src/rules/planner/random-page-cost.js'
import {judge, only, outcome, server, setting} from './sections.js'

const on = (platform: string) => [{platform, evidence: 'seen'}]

describe('planner/random-page-cost', () => {
  const check = (cost: number, context: Context, platform: {platform: string; evidence: string}[] = [], base = 1) =>
    judge(
      randomPageCost,
      {
        server: server({platformEvidence: platform}),
        settings: [setting('random_page_cost', cost), setting('seq_page_cost', base)],
      },
      {context},
    )

  it.each<[number, Context, string | null, string[]]>([
    [4, {storage: 'ssd'}, null, ['medium random_page_cost']],
    [2.1, {storage: 'ssd'}, null, ['medium random_page_cost']],
    [2, {storage: 'ssd'}, null, []],
    [1.1, {storage: 'ssd'}, null, []],
    [4, {storage: 'hdd'}, null, []],
    [4, {}, null, ['cannot judge']],
    [1.1, {}, null, ['cannot judge']],
    [4, {}, 'aurora', ['medium random_page_cost']],
    [4, {}, 'rds', ['cannot judge']],
    [4, {}, 'cloudsql', ['cannot judge']],
    [4, {storage: 'hdd'}, 'azure', []],
  ])('%f with %j on %s', (cost, context, platform, expected) => {
    expect(outcome(check(cost, context, platform ? on(platform) : []))).toEqual(expected)
  })

  it('is a ratio: both costs may be scaled', () => {
    expect(outcome(check(0.2, {storage: 'ssd'}, [], 0.1))).toEqual([])
    expect(only(check(0.4, {storage: 'ssd'}, [], 0.1)).fixes[0]).toMatchObject({to: '0.11'})
  })

  it('never claims that a plan was wrong', () => {
    expect(only(check(4, {storage: 'ssd'}))).toMatchObject({confidence: 'assumed', fixes: [{to: '1.1'}]})
  })
})
