import {expect, it} from 'vitest'
import {statementFamilies} from '../../src/derive/statement-families.js'

it.each([
  ['savepoints', ['SAVEPOINT "s14_x1"', 'SAVEPOINT "s15_x27"', 'SAVEPOINT sp_3'], 'SAVEPOINT ?', true, false],
  [
    'prepared names',
    ['PREPARE stmt_1 AS SELECT 1', 'PREPARE stmt_2 AS SELECT 1'],
    'PREPARE ? AS SELECT ?',
    true,
    false,
  ],
  [
    'lists',
    ['SELECT 1 FROM a WHERE b IN ($1, $2)', 'SELECT 1 FROM a WHERE b IN ($1, $2, $3) LIMIT $4'],
    'SELECT ? FROM a WHERE b IN (?, ...',
    false,
    true,
  ],
  ['a list that was cut', ['SELECT a IN ($1,$2,$3', 'SELECT a IN ($1,$2'], 'SELECT a IN (?, ...', false, true],
  [
    'rows',
    ['INSERT INTO a VALUES ($1, $2)', 'INSERT INTO a VALUES ($1, $2), ($3, $4)'],
    'INSERT INTO a VALUES (?, ...',
    false,
    true,
  ],
  ['tags', ['/* request 7 */ SELECT a', '/* request 8 */ SELECT a -- by 9'], 'SELECT a', false, false],
  ['partitions', ['SELECT a FROM log_2024_01', 'SELECT a FROM log_2024_02'], 'SELECT a FROM ?', false, false],
  ['constants', ["SET a = 'x1'", "SET a = 'it''s'"], 'SET a = ?', true, false],
])('%s', (_, texts, text, isUtility, isList) => {
  expect(statementFamilies(texts)).toEqual([{text, entries: texts.length, isUtility, isList}])
})

it('different statements are no family', () => {
  expect(statementFamilies(['SELECT a', 'SELECT b', 'COMMIT'])).toEqual([])
})

it('the largest five, in a fixed order', () => {
  const texts = ['a', 'b', 'c', 'd', 'e', 'f'].flatMap((name, n) => Array<string>(n + 2).fill(`SELECT ${name}`))
  expect(statementFamilies(texts.reverse()).map(({entries}) => entries)).toEqual([7, 6, 5, 4, 3])
})
