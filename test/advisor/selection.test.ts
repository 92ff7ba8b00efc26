import {expect, test} from 'vitest'
import type {Costs, Prices, Question} from '../../src/advisor/costs.js'
import {newReference} from '../../src/advisor/reference.js'
import {closestOf} from '../../src/advisor/refusal.js'
import {type SelectionInput, select} from '../../src/advisor/selection.js'
import type {PreparedIndex} from '../../src/whatif/planner.js'
import {shop} from './catalog.js'

const index = (name: string, bytes = 100): PreparedIndex => ({
  name,
  bytes,
  definition: {
    schema: 'public',
    table: 'orders',
    method: 'btree',
    keys: [{sql: `"${name}"`}],
    include: [],
    where: null,
  },
})

/** A statement that costs 100 less what the best of the visible indexes saves; `memory`: where pages cost nothing. */
type Saves = Record<string, number>
type Case = {
  statements: {saves: Saves; memory?: Saves; calls?: number}[]
  indexes: PreparedIndex[]
} & Partial<SelectionInput>

const BEFORE = 100
const tables = new Set(shop().tables)

/** A table in a statement that asks for the leading columns of all the indexes. */
function asking(indexes: readonly PreparedIndex[]) {
  const terms = indexes.map(({name, definition}) => ({
    kind: 'equal' as const,
    key: {sql: definition.keys[0]!.sql, columns: [name], isExpression: false},
  }))
  return {...newReference([...tables][0]!), terms}
}

function inputOf({statements, indexes, ...more}: Case): SelectionInput {
  const questions = statements.map(
    ({calls = 1}, at) =>
      ({
        statement: {id: String(at), sql: '', calls, rows: null, totalMs: null},
        tables,
        variants: [],
        otherwise: [],
        before: BEFORE,
        references: {references: [asking(indexes)], parameters: [], writes: []},
      }) satisfies Question,
  )
  const cost = (question: Question, visible: readonly PreparedIndex[], prices: Prices = 'settings') => {
    const {saves, memory = saves} = statements[questions.indexOf(question as (typeof questions)[number])]!
    const saved = prices === 'memory' ? memory : saves
    return BEFORE - Math.max(0, ...visible.map(({name}) => saved[name] ?? 0))
  }
  const costs: Costs = {
    of: async (question, visible, prices) => cost(question, visible, prices),
    floor: () => 0,
    plans: async () => [],
    count: () => 0,
  }
  const offers = questions.flatMap(question =>
    indexes
      .filter(each => cost(question, [each]) < BEFORE)
      .map(each => ({question, indexes: [each], cost: cost(question, [each])})),
  )
  return {
    ...{questions, costs, offers, pool: indexes, budget: 1000, maximum: 10, minimumGain: 0.02, deadline: Infinity},
    ...{isUpgrade: () => false, isInMemory: () => true, writeCost: () => 0},
    ...more,
  }
}

const chosen = async (given: Case) => (await select(inputOf(given))).indexes.map(({name}) => name).sort()
const refused = async (given: Case) => {
  const input = inputOf(given)
  const choice = await select(input)
  const nearest = input.offers.filter(offer => !choice.indexes.includes(offer.indexes[0]!))
  return (await closestOf(input, choice, nearest))?.reason
}

const [a, b, both] = [index('a'), index('b'), index('both', 150)]

test('each statement its index, within the budget the one that brings the most', async () => {
  const statements: Case['statements'] = [{saves: {a: 90}}, {saves: {b: 50}}]
  expect(await chosen({statements, indexes: [a, b]})).toEqual(['a', 'b'])
  expect(await chosen({statements, indexes: [a, b], budget: 150})).toEqual(['a'])
  expect(await refused({statements, indexes: [a, b], budget: 150})).toBe('it does not fit into the budget')
  expect(await refused({statements, indexes: [a, b], maximum: 1})).toBe('1 indexes is the most that was asked for')
})

test('one index for two statements in place of two, where nearly nothing is lost', async () => {
  const statements: Case['statements'] = [{saves: {a: 90, both: 89.9}}, {saves: {b: 90, both: 89.9}}]
  expect(await chosen({statements, indexes: [a, b, both]})).toEqual(['both'])
})

/** Of statements alike, one to which the index brings something. */
const among = (others: number, saved: number): Case['statements'] => [
  ...Array.from({length: others}, () => ({saves: {}})),
  {saves: {a: saved}},
]

test('within the budget what helps several statements goes before a little more for a single one', async () => {
  const statements: Case['statements'] = [{saves: {a: 90}, calls: 11}, ...Array(10).fill({saves: {b: 90}})]
  expect(await chosen({statements, indexes: [a, b], budget: 150})).toEqual(['b'])
  const few: Case['statements'] = [{saves: {a: 90}, calls: 50}, ...Array(10).fill({saves: {b: 90}})]
  expect(await chosen({statements: few, indexes: [a, b], budget: 150})).toEqual(['a'])
})

test('less than 2 % is left out, unless with what it does for single statements it comes to as much', async () => {
  const statements: Case['statements'] = [{saves: {a: 1}}]
  expect(await chosen({statements, indexes: [a]})).toEqual([])
  expect(await refused({statements, indexes: [a]})).toContain('saves 1.0 %')
  expect(await chosen({statements: among(50, 60), indexes: [a]})).toEqual(['a'])
  expect(await chosen({statements: among(50, 20), indexes: [a]})).toEqual([])
})

test('a small index that makes a statement ten times cheaper may bring the workload less', async () => {
  expect(await chosen({statements: among(400, 95), indexes: [a]})).toEqual(['a'])
  expect(await chosen({statements: among(400, 95), indexes: [a], budget: 900})).toEqual([])
  expect(await chosen({statements: among(400, 80), indexes: [a]})).toEqual([])
  expect(await chosen({statements: among(1200, 95), indexes: [a]})).toEqual([])
})

test('what only spares the reading of pages that are in memory is refused', async () => {
  const statements: Case['statements'] = [{saves: {a: 80}, memory: {a: 10}}]
  expect(await chosen({statements, indexes: [a], isInMemory: () => false})).toEqual(['a'])
  expect(await chosen({statements, indexes: [a]})).toEqual([])
  expect(await refused({statements, indexes: [a]})).toContain('in memory')
})

test('an index that costs the writes more than the reads gain is refused', async () => {
  const statements: Case['statements'] = [{saves: {a: 80}}]
  expect(await chosen({statements, indexes: [a], writeCost: () => 90})).toEqual([])
  expect(await refused({statements, indexes: [a], writeCost: () => 90})).toContain('costs the writes')
})

test('a wider index beside one that serves must bring five times as much', async () => {
  const statements: Case['statements'] = [{saves: {a: 8}}]
  expect(await chosen({statements, indexes: [a]})).toEqual(['a'])
  expect(await chosen({statements, indexes: [a], isUpgrade: () => true})).toEqual([])
})
