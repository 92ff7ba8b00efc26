import {spawn} from 'node:child_process'
import {mkdtemp, readdir, rm, stat, truncate, utimes, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {fileURLToPath} from 'node:url'
import {afterEach, beforeEach, describe, expect, it} from 'vitest'
import {folderHistory} from '../../src/history/folder.js'
import {folderOf, targetOf} from '../../src/history/names.js'
import {expired} from '../../src/history/retention.js'
import {entry, TARGET} from './entries.js'

const DAY = 86_400
const NOW = 1_763_700_000

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'ahsp-db-history-'))
})
afterEach(() => rm(root, {recursive: true, force: true}))

describe('a history in a folder', () => {
  it('gives back what was saved, newest first, and only to its owner', async () => {
    const history = folderHistory(join(root, 'deep', 'history'))
    for (const at of [NOW, NOW - DAY, NOW - 2 * DAY]) await history.save(entry(at))
    const heads = await history.list(TARGET)
    expect(heads.map(({at}) => at)).toEqual([NOW, NOW - DAY, NOW - 2 * DAY])
    expect(await history.read(heads[1]!)).toMatchObject(JSON.parse(JSON.stringify(entry(NOW - DAY))))
    const folder = join(root, 'deep', 'history', folderOf(TARGET))
    const [file] = await readdir(folder)
    expect((await stat(folder)).mode & 0o777).toBe(0o700)
    expect((await stat(join(folder, file!))).mode & 0o777).toBe(0o600)
  })

  it('keeps targets apart, whatever their names hold', async () => {
    const history = folderHistory(root)
    const targets = [
      {host: '/var/run/postgresql', port: 5432, database: 'Toko'},
      {host: '/var/run/postgresql', port: 5432, database: 'toko'},
      {host: '::1', port: 5433, database: '../../évil~name %41\n'},
      {host: `${'h'.repeat(250)}.example`, port: 5432, database: 'ünlü'.repeat(10)},
    ]
    for (const target of targets) await history.save(entry(NOW, target))
    for (const target of targets) expect((await history.list(target)).map(head => head.target)).toEqual([target])
    const all = (await history.list(null)).map(({target}) => JSON.stringify(target))
    expect(all.sort()).toEqual(targets.map(target => JSON.stringify(target)).sort())
    expect(await readdir(join(root, '..')).then(names => names.filter(name => name.includes('vil')))).toEqual([])
    for (const target of targets.slice(0, 3)) expect(targetOf(folderOf(target))).toEqual(target)
  })

  it('an empty place has no entries, and other files are none', async () => {
    const history = folderHistory(join(root, 'none'))
    expect(await history.list(TARGET)).toEqual([])
    expect(await history.list(null)).toEqual([])
    const used = folderHistory(root)
    await used.save(entry(NOW))
    await writeFile(join(root, 'README'), '')
    await writeFile(join(root, folderOf(TARGET), 'notes.txt'), '')
    expect(await used.list(null)).toHaveLength(1)
  })

  it('a damaged entry is an error that names its file', async () => {
    const history = folderHistory(root)
    const head = await history.save(entry(NOW))
    const file = join(root, folderOf(TARGET), `${head.id}.json.gz`)
    await truncate(file, 100)
    await expect(history.read(head)).rejects.toMatchObject({message: `${file}: is damaged`, exit: 2})
  })

  it('what cannot be saved is exit 6 and leaves nothing behind', async () => {
    await writeFile(join(root, 'file'), '')
    await expect(folderHistory(join(root, 'file')).save(entry(NOW))).rejects.toMatchObject({exit: 6})
    expect(await readdir(root)).toEqual(['file'])
  })

  it('prune removes by age and count, and what killed runs left an hour ago', async () => {
    const history = folderHistory(root)
    for (let day = 0; day < 10; day++) await history.save(entry(NOW - day * DAY))
    const folder = join(root, folderOf(TARGET))
    const [old, fresh] = [`.ahsp-db-${'0'.repeat(16)}.tmp`, `.ahsp-db-${'1'.repeat(16)}.tmp`]
    for (const name of [old, fresh]) await writeFile(join(folder, name), 'half')
    await utimes(join(folder, old), Date.now() / 1000, Date.now() / 1000 - 3700)
    expect(await history.prune(TARGET, {age: 5 * DAY, count: 1000})).toBe(4)
    expect(await history.prune(TARGET, {age: 5 * DAY, count: 3})).toBe(3)
    expect((await history.list(TARGET)).map(({at}) => at)).toEqual([NOW, NOW - DAY, NOW - 2 * DAY])
    expect((await readdir(folder)).filter(name => name.endsWith('.tmp'))).toEqual([fresh])
  })

  it('a clock that runs ahead, here or there, removes nothing else, and the newest always stays', () => {
    const heads = [NOW, NOW - DAY].map(at => ({id: `${at}`, target: TARGET, at}))
    const ahead = {id: 'ahead', target: TARGET, at: NOW + 3650 * DAY}
    const retention = {age: 5 * DAY, count: 1000}
    expect(expired(heads, retention, NOW + 3650 * DAY)).toEqual([])
    expect(expired([ahead, ...heads], retention, NOW)).toEqual([])
    expect(expired(heads.slice(0, 1), {age: 0, count: 1}, NOW + DAY)).toEqual([])
  })
})

describe('several runs at once', () => {
  it('ten save and prune, and none loses anything', async () => {
    const runs = [...Array(10).keys()].map(async run => {
      const history = folderHistory(root)
      for (let at = 0; at < 5; at++) {
        await history.save(entry(NOW + run * 10 + at))
        await history.prune(TARGET, {age: DAY, count: 1000})
      }
    })
    await Promise.all(runs)
    expect(await folderHistory(root).list(TARGET)).toHaveLength(50)
  })

  it('killed at any point: what was told saved is there and whole, and nothing is half there', async () => {
    const script = fileURLToPath(new URL('saver.ts', import.meta.url))
    const told: string[] = []
    const savers = [...Array(4).keys()].map(async run => {
      const child = spawn(process.execPath, ['--import', 'tsx', script, root, `${NOW + run * 1e6}`])
      const closed = new Promise(resolve => child.on('close', resolve))
      let text = ''
      const started = new Promise<void>(resolve =>
        child.stdout.setEncoding('utf8').on('data', chunk => {
          text += chunk
          resolve()
        }),
      )
      await Promise.race([started, closed])
      await sleep(100 + Math.random() * 400)
      child.kill('SIGKILL')
      await closed
      told.push(...text.split('\n').slice(0, -1))
    })
    await Promise.all(savers)
    const history = folderHistory(root)
    const heads = await history.list(TARGET)
    expect(told.length).toBeGreaterThan(3)
    expect(heads.map(({id}) => id)).toEqual(expect.arrayContaining(told))
    for (const head of heads) expect((await history.read(head)).snapshot.collectedAt).toBe(head.at)
  }, 60_000)
})
