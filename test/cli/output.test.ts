import {spawnSync} from 'node:child_process'
import {mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync} from 'node:fs'
import {readFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterEach, beforeEach, describe, expect, it} from 'vitest'
import {writeAtomically} from '../../src/cli/output.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ahsp-db-output-'))
})
afterEach(() => rmSync(folder, {recursive: true}))

const failure = (file: string) =>
  writeAtomically(file, 'x').then(
    () => expect.unreachable(),
    error => error,
  )

describe('writeAtomically', () => {
  it('replaces a file as a whole, readable by its owner alone, and leaves nothing beside it', async () => {
    const file = join(folder, 'report.md')
    writeFileSync(file, 'old')
    await writeAtomically(file, 'new\n')
    expect(readFileSync(file, 'utf8')).toBe('new\n')
    expect(readdirSync(folder)).toEqual(['report.md'])
    if (process.platform !== 'win32') expect(statSync(file).mode & 0o777).toBe(0o600)
  })

  it.skipIf(process.platform === 'win32')('writes through a pipe, and leaves it a pipe', async () => {
    const pipe = join(folder, 'pipe')
    expect(spawnSync('mkfifo', [pipe]).status).toBe(0)
    const [text] = await Promise.all([readFile(pipe, 'utf8'), writeAtomically(pipe, 'through\n')])
    expect(text).toBe('through\n')
    expect(statSync(pipe).isFIFO()).toBe(true)
    expect(readdirSync(folder)).toEqual(['pipe'])
  })

  it.skipIf(process.platform === 'win32')('follows a link to a device: nothing is replaced', async () => {
    const link = join(folder, 'nowhere')
    symlinkSync('/dev/null', link)
    await writeAtomically(link, 'x')
    expect(statSync(link).isCharacterDevice()).toBe(true)
  })

  it('says what cannot be written, with exit 6', async () => {
    mkdirSync(join(folder, 'taken'))
    expect(await failure(join(folder, 'taken'))).toMatchObject({exit: 6, code: 'OUTPUT'})
    expect(await failure(join(folder, 'missing', 'report.md'))).toMatchObject({exit: 6, code: 'OUTPUT'})
    expect(readdirSync(folder)).toEqual(['taken'])
  })
})
