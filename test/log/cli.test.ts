import {spawn} from 'node:child_process'
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {gzipSync} from 'node:zlib'
import {afterAll, describe, expect, test} from 'vitest'
import {BIN, cliIn} from '../cli.js'

const folder = mkdtempSync(join(tmpdir(), 'ahsp-db-log-cli-'))
afterAll(() => rmSync(folder, {recursive: true, force: true}))
const cli = cliIn(folder)

type Options = {prefix?: (pid: number, time: string) => string; ms?: number; pids?: number[]; pages?: number}

/** Pages of a list and its ten look-ups each, half a second apart. */
function log({prefix = (pid, time) => `${time} [${pid}] `, ms = 0.2, pids = [7], pages = 6}: Options = {}): string {
  let clock = Date.UTC(2027, 2, 14, 10)
  let calls = 0
  const lines: string[] = []
  const add = (sql: string) => {
    clock += 1
    const time = new Date(clock).toISOString().replace('T', ' ').replace('Z', ' UTC')
    const pid = pids[calls % pids.length]!
    calls += 1
    lines.push(`${prefix(pid, time)}LOG:  duration: ${ms.toFixed(3)} ms  statement: ${sql}\n`)
  }
  for (let page = 0; page < pages; page += 1) {
    clock += 500
    add('SELECT id, author_id FROM books LIMIT 10')
    for (let i = 0; i < 10; i += 1) add(`SELECT name FROM authors WHERE id = ${page * 100 + i} AND note <> 'geheim'`)
  }
  return lines.join('')
}

function file(name: string, content: string | Buffer): string {
  writeFileSync(join(folder, name), content)
  return name
}

const json = async (args: string[]) => {
  const {code, stdout, stderr} = await cli(['nplusone', '--format', 'json', ...args])
  expect(stderr).toBe('')
  return {code, report: JSON.parse(stdout)}
}

async function piped(content: Buffer | string, ...args: string[]) {
  const child = spawn(process.execPath, [BIN, 'nplusone', '-', '--format', 'json', ...args], {cwd: folder})
  let stdout = ''
  child.stdout.setEncoding('utf8').on('data', chunk => {
    stdout += chunk
  })
  child.stdin.end(content)
  const code = await new Promise(resolve => child.on('close', resolve))
  return {code, report: JSON.parse(stdout)}
}

const CALLS = {kind: 'n-plus-one', calls: 60, runs: 6, median: 10}

describe('input', () => {
  test('a file, as a table within 80 columns', async () => {
    const {code, stdout, stderr} = await cli(['nplusone', file('a.log', log())])
    expect({code, stderr}).toEqual({code: 1, stderr: ''})
    expect(stdout).toMatch(/^N\+1: 1 loop makes 90\.9 % of 66 statements\n/)
    expect(stdout).toContain('1. "authors" by "id", for each row of "books"')
    expect(stdout).toContain('first   a.log:2')
    expect(stdout).not.toContain('geheim')
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
  })
  test('gzip, several files as one log, and standard input', async () => {
    const whole = log()
    const half = whole.indexOf('\n', whole.length / 2) + 1
    const parts = [file('1.log', whole.slice(0, half)), file('2.log.gz', gzipSync(whole.slice(half)))]
    const {report} = await json(parts)
    expect(report.log.files.map(({name}: {name: string}) => name)).toEqual(parts)
    expect(report.loops[0]).toMatchObject(CALLS)
    expect((await piped(whole)).report.loops[0]).toMatchObject(CALLS)
    expect((await piped(gzipSync(whole))).report.loops[0]).toMatchObject(CALLS)
  })
  test('a damaged gzip file is read as far as it goes, and is not called clean', async () => {
    const packed = gzipSync(log({pages: 400}))
    const {code, report} = await json([file('cut.gz', packed.subarray(0, packed.length / 2))])
    expect(code).toBe(1)
    expect(report.log.files[0].problem).toMatch(/gzip/)
    expect(report.limits.join()).toContain('cut.gz: its gzip data are damaged or cut off')
  })
  test('a given prefix', async () => {
    const odd = log({prefix: (pid, time) => `<<${pid}|${time}|a|b>>`})
    expect((await json(['--prefix', '<<%p|%m|%u|%d>>', file('odd.log', odd)])).report.loops[0]).toMatchObject(CALLS)
  })
  test('statements longer than the buffer do not stop it', async () => {
    const long = `2027-03-14 09:00:00.000 UTC [7] LOG:  statement: INSERT INTO t VALUES ('${'x'.repeat(20e6)}')\n`
    const {report} = await json([file('long.log', long + log())])
    expect(report.loops[0]).toMatchObject(CALLS)
    expect(report.log.files[0]).toMatchObject({malformed: 1})
  })
  test('malformed lines are counted, the first is outlined', async () => {
    const {report} = await json([file('noise.log', `oops 'geheim' 12\n${log()}more\n`)])
    expect(report.log.files[0]).toMatchObject({malformed: 2, firstMalformed: {line: 1, outline: "xxxx 'xxxxxx' 99"}})
    expect(report.loops[0]).toMatchObject(CALLS)
  })
})

describe('output', () => {
  test('markdown into a file', async () => {
    const {code, stdout} = await cli(['nplusone', file('m.log', log()), '-f', 'markdown', '-o', 'ticket.md'])
    expect({code, stdout}).toEqual({code: 1, stdout: ''})
    expect(readFileSync(join(folder, 'ticket.md'), 'utf8')).toMatch(
      /^# N\\?\+1: 1 loop makes 90\.9 % of 66 statements\n/,
    )
  })
  test('the thresholds', async () => {
    const name = file('t.log', log())
    expect((await json([name, '--repetitions', '11'])).code).toBe(0)
    expect((await json([name, '--runs', '7'])).report.loops.map(({kind}: {kind: string}) => kind)).toEqual([])
    expect((await json([name, '--gap', '1s'])).report.requests[0]).toMatchObject({count: 1})
    expect((await json([name, '--requests', '0'])).report.requests).toEqual([])
  })
  test.each([
    [['nplusone'], 2, /USAGE/],
    [['nplusone', 'none.log'], 2, /error\[LOG\]: cannot read none\.log \(ENOENT\)/],
    [['nplusone', '.'], 2, /error\[LOG\]: cannot read \. \(EISDIR\)/],
    [['nplusone', 'a.log', 'a.log'], 2, /given twice/],
    [['nplusone', 'a.log', '--prefix', '%y'], 2, /no %y/],
    [['nplusone', 'a.log', '--runs', '0'], 2, /no whole number/],
    [['nplusone', 'a.zst'], 2, /zstdcat/],
    [['nplusone', 'a.log', '-o', 'no/such/folder'], 6, /cannot write/],
  ])('%j ends with %i', async (args, expected, message) => {
    file('a.log', log())
    file('a.zst', Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0]))
    const {code, stderr} = await cli(args)
    expect(stderr).toMatch(message)
    expect(code).toBe(expected)
  })
})

describe('cannot judge, and says so', () => {
  const cases: [string, string, RegExp][] = [
    ['no session', log({prefix: (_pid, time) => `${time} `}), /carry no session/],
    ['filtered', log({ms: 250}).replace(/SELECT name.*/g, 'SELECT now()'), /No statement is shorter than 250 ms/],
    ['spread by a pooler', log({pids: [1, 2, 3, 4, 5, 6, 7], pages: 20}), /from different sessions/],
    ['no statements', '2027-03-14 10:00:00.000 UTC [7] LOG:  checkpoint starting: time\n', /No statement was logged/],
    ['empty', '', /No statement was logged/],
    ['no log', 'hello\n'.repeat(100), /--prefix/],
    ['short', log({pages: 1}), /too few/],
  ]
  test.each(cases)('%s', async (name, content, reason) => {
    const path = file(`${name}.log`, content)
    const {code, report} = await json([path])
    expect(report.verdict.status).toBe('cannot-judge')
    expect(report.limits.join('\n')).toMatch(reason)
    expect(code).toBe(0)
    expect((await json([path, '--strict'])).code).toBe(4)
  })
})
