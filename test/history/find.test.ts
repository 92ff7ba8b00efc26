import {mkdtemp, rm, truncate} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterEach, beforeEach, expect, it} from 'vitest'
import {findRun} from '../../src/history/find.js'
import {folderHistory} from '../../src/history/folder.js'
import {momentOf} from '../../src/history/moment.js'
import {fileOf, folderOf} from '../../src/history/names.js'
import {entry, TARGET} from './entries.js'

const DAY = 86_400
const NOW = 1_763_700_000

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'ahsp-db-find-'))
  for (const days of [1, 2, 6.9, 7.2, 9]) await folderHistory(root).save(entry(NOW - days * DAY))
})
afterEach(() => rm(root, {recursive: true, force: true}))

async function find(word: string, now = NOW) {
  const moment = momentOf(word)
  if (moment.kind === 'named') throw new Error('a name is looked up elsewhere')
  const found = await findRun(folderHistory(root), TARGET, moment, now)
  return found && {days: Number(((NOW - found.head.at) / DAY).toFixed(1)), notes: found.notes}
}

it('words: last, ages; all else is a name', () => {
  expect(momentOf('last')).toEqual({kind: 'last'})
  expect(momentOf('7d')).toEqual({kind: 'ago', seconds: 7 * DAY})
  expect(momentOf('2w')).toEqual({kind: 'ago', seconds: 14 * DAY})
  expect(momentOf('1.5h')).toEqual({kind: 'ago', seconds: 5400})
  for (const name of ['./7d', '7d.json', '7', 'latest', '7 d']) expect(momentOf(name)).toEqual({kind: 'named', name})
})

it('the last before, and the nearest that is old enough', async () => {
  expect(await find('last')).toEqual({days: 1, notes: []})
  expect(await find('last', NOW - DAY)).toEqual({days: 2, notes: []})
  expect(await find('7d')).toEqual({days: 7.2, notes: []})
  expect(await find('1h')).toEqual({days: 1, notes: []})
})

it('a history that does not reach back: its oldest, and told; nothing before: null', async () => {
  expect(await find('30d')).toEqual({days: 9, notes: ['the history of this database reaches back 9 d only']})
  expect(await find('last', NOW - 9 * DAY)).toBeNull()
  expect(await findRun(folderHistory(root), {...TARGET, database: 'other'}, {kind: 'last'}, NOW)).toBeNull()
})

it('a damaged run is passed over, and named', async () => {
  const [newest] = await folderHistory(root).list(TARGET)
  const file = join(root, folderOf(TARGET), fileOf(newest!.id))
  await truncate(file, 30)
  expect(await find('last')).toEqual({days: 2, notes: [`${file}: is damaged`]})
})
