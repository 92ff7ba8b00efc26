import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {ORMS, SCHEMAS} from '../fixtures/workloads/orms.js'
import {type Half, plans} from '../fixtures/workloads/run.js'
import {USES} from '../fixtures/workloads/schema.js'
import {casesOf, figuresOf, judge, type Outcome, precisionOf, recallOf} from '../fixtures/workloads/score.js'
import {openStage, reportAfter, type Stage} from '../fixtures/workloads/stage.js'
import {checkLabels} from '../fixtures/workloads/tally.js'
import {type Label, matches, type Workload} from '../fixtures/workloads/workload.js'

const all = plans(ORMS, SCHEMAS)
const HALVES: Half[] = ['tune', 'held']

describe('the corpus', () => {
  it.each(HALVES)('%s: every kind as a loop and eager, every ORM, pooling and way of committing', half => {
    const ours = all.filter(({split}) => split === half)
    for (const variant of ['lazy', 'eager']) {
      const kinds = ours
        .flatMap(({workloads}) => workloads.filter(each => each.variant === variant))
        .map(({kind}) => kind)
      expect([...new Set(kinds)].sort()).toEqual([...USES].sort())
    }
    expect(new Set(ours.map(({orm}) => orm))).toEqual(new Set(ORMS))
    expect(new Set(ours.map(({pooling, atomic}) => `${pooling} ${atomic}`)).size).toBe(4)
    expect(
      new Set(ours.flatMap(({workloads}) => workloads.filter(each => each.variant === 'decoy')).map(each => each.kind))
        .size,
    ).toBe(15)
  })

  it('no loop is in both halves', () => {
    const names = (half: Half) =>
      all
        .filter(({split}) => split === half)
        .flatMap(({workloads}) => workloads.filter(each => each.variant === 'lazy'))
    const held = new Set(names('held').map(({name}) => name))
    expect(names('tune').filter(({name}) => held.has(name))).toEqual([])
  })
})

describe('labels', () => {
  const label: Label = {form: 'rows', table: 'task', columns: ['project_id'], also: ['tenant_id']}
  it.each([
    ['"public"."task" ("project_id")', true],
    ['"public"."task" ("tenant_id", "project_id")', true],
    ['"public"."task" ("tenant_id")', false],
    ['"public"."task" ("project_id", "state")', false],
    ['"public"."tasks" ("project_id")', false],
    ['count of "public"."task" ("project_id")', false],
  ])('%s: %s', (subject, expected) => expect(matches(subject, label)).toBe(expected))

  it('a count is no list, an existence test may be either', () => {
    const subject = 'count of "public"."task" ("project_id")'
    expect(matches(subject, {...label, form: 'count'})).toBe(true)
    expect(matches(subject, {...label, form: 'either'})).toBe(true)
    expect(matches('"public"."task" ("project_id")', {...label, form: 'count'})).toBe(false)
  })

  it('what one snapshot cannot tell is asked of a window only', () => {
    const blurred = {
      ...(all[0]!.workloads[0] as Workload),
      expected: [label],
      tolerated: [],
      confuses: [],
      blurred: true,
    }
    expect(casesOf({workloads: [blurred]}, 'snapshot').required).toEqual([])
    expect(casesOf({workloads: [blurred]}, 'window').required).toHaveLength(1)
  })

  it('a loop that hardly loops is refused, as is an eager page that does', () => {
    const workload = {...(all[0]!.workloads[0] as Workload), expected: [label], variant: 'lazy' as const}
    expect(() => checkLabels(new Map([[workload, {requests: 40, lookups: 80}]]))).toThrow('no loop')
    expect(() => checkLabels(new Map([[workload, {requests: 10, lookups: 80}]]))).not.toThrow()
    const eager = {...workload, expected: [], variant: 'eager' as const}
    expect(() => checkLabels(new Map([[eager, {requests: 10, lookups: 1}]]))).toThrow('not eager')
  })
})

/** One run of each ORM's own client, of the half that may be looked at; `npm run eval:nplusone` runs them all. */
const RUNS = [
  'sequelize/shop/tune/b',
  'typeorm/tracker/tune/b',
  'objection/clinic/tune/a',
  'mikro-orm/library/tune/b',
  'prisma/clinic/tune/b',
  'drizzle/shop/tune/b',
]

describe('N+1 is told from ordinary work', () => {
  let stage: Stage
  const outcomes: Outcome[] = []
  beforeAll(async () => {
    stage = await openStage(SCHEMAS)
  })
  afterAll(() => stage.close())

  it.each(RUNS)('%s', async name => {
    const plan = all.find(each => each.name.startsWith(`${name}/`))!
    const outcome = judge(plan, 'snapshot', await reportAfter(stage, plan))
    outcomes.push(outcome)
    expect(outcome.falseAlarms).toEqual([])
    expect(outcome.hits.length).toBeGreaterThan(0)
  })

  it('with the precision and recall that are promised', () => {
    expect(outcomes).toHaveLength(RUNS.length)
    const figures = figuresOf(outcomes)
    expect(recallOf(figures), JSON.stringify(outcomes.flatMap(({misses}) => misses))).toBeGreaterThanOrEqual(0.9)
    expect(precisionOf(figures)).toBeGreaterThanOrEqual(0.98)
  })
})
