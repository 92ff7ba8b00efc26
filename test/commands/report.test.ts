import {mkdtemp, readFile, rm, stat, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {type EmbeddedServer, startServer} from '../../src/embedded/server.js'
import {cliIn} from '../cli.js'

/** The built program against a real server. */
let server: EmbeddedServer
let folder: string
let cli: ReturnType<typeof cliIn>

beforeAll(async () => {
  server = await startServer({settings: {max_connections: '20'}, quick: true})
  folder = await mkdtemp(join(tmpdir(), 'ahsp-db-report-'))
  cli = cliIn(folder)
})

afterAll(async () => {
  await server?.stop()
  if (folder) await rm(folder, {recursive: true, force: true})
})

describe('ahsp-db report', () => {
  it('writes a page that only its owner may read, and says so in two lines', async () => {
    const {code, stdout, stderr} = await cli(['report', server.url(), '--users', '100', '-o', 'a.html'])
    expect(stderr).toBe('')
    expect(code).toBe(1)
    expect(stdout).toMatch(/^NOT READY for 100 users: .*\na\.html: \d+(\.\d+)? kB; no earlier run to compare with\n$/)
    const text = await readFile(join(folder, 'a.html'), 'utf8')
    expect(text).toMatch(/^<!doctype html>/)
    expect(text).toContain('default-src &#39;none&#39;')
    expect((await stat(join(folder, 'a.html'))).mode & 0o777).toBe(0o600)
  })

  it('remembers the run when asked, compares with the last one and shows trends', async () => {
    await cli(['report', server.url(), '--save', '--history', 'h', '-o', 'b.html'])
    const {stdout} = await cli(['report', server.url(), '--save', '--history', 'h', '-o', 'c.html', '--users', '100'])
    expect(stdout).toMatch(/c\.html: .*; compared with the run of \d{4}-\S+ \S+ UTC, 2 runs in the trends\n$/)
    const text = await readFile(join(folder, 'c.html'), 'utf8')
    expect(text).toContain('id="since"')
    expect(text).toContain('id="trends"')
  })

  it('goes on without a history that cannot be read', async () => {
    await writeFile(join(folder, 'no-folder'), '')
    const {code, stdout} = await cli(['report', server.url(), '--history', 'no-folder', '-o', 'd.html'])
    expect(code).toBeLessThan(2)
    expect(stdout).toContain('d.html: ')
  })

  it('writes the page to standard output with -o -, and nothing else', async () => {
    const {stdout} = await cli(['report', server.url(), '-o', '-'])
    expect(stdout).toMatch(/^<!doctype html>[\s\S]*<\/html>\n$/)
  })

  it('is a format of check, too', async () => {
    const {stdout} = await cli(['check', server.url(), '--format', 'html'])
    expect(stdout).toMatch(/^<!doctype html>[\s\S]*<\/html>\n$/)
  })

  it('is exit 6 where the file cannot be written', async () => {
    const {code, stderr} = await cli(['report', server.url(), '-o', 'no/such/folder.html'])
    expect(code).toBe(6)
    expect(stderr).toMatch(/^error\[OUTPUT\]: cannot write/)
  })
})
