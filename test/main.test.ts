import {cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, describe, expect, test} from 'vitest'
import {asHelp, takeDebug} from '../src/main.js'
import {BIN, run as runIn} from './cli.js'

const {version} = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))

const folder = mkdtempSync(join(tmpdir(), 'ahsp-db-main-'))
afterAll(() => rmSync(folder, {recursive: true}))

const run = (command: string, args: string[], env?: NodeJS.ProcessEnv) => runIn(command, args, folder, env)
const cli = (...args: string[]) => run(process.execPath, [BIN, ...args])
const shell = (script: string) => run('bash', ['-c', script])
const q = (text: string) => `'${text}'`
const CLI = `${q(process.execPath)} ${q(BIN)}`

describe('answers', () => {
  test.each(['--version', '-v'])('%s', async flag => {
    expect(await cli(flag)).toEqual({
      code: 0,
      stdout: `ahsp-db/${version} ${process.platform}-${process.arch} node-${process.version}\n`,
      stderr: '',
    })
  })
  test('--version needs neither the library nor the build', async () => {
    const bare = join(folder, 'bare')
    cpSync(BIN, join(bare, 'bin', 'run.js'))
    cpSync(new URL('../package.json', import.meta.url), join(bare, 'package.json'))
    expect(await run(process.execPath, [join(bare, 'bin', 'run.js'), '-v'])).toMatchObject({code: 0, stderr: ''})
    const {code, stderr} = await run(process.execPath, [join(bare, 'bin', 'run.js'), 'rules'])
    expect(code).toBe(5)
    expect(stderr).toMatch(/^error\[INTERNAL\]: Cannot find module [^\n]* - run npm run build, or install again\n$/)
  })
  test('an old Node is told what is needed', async () => {
    const old = `data:text/javascript,Object.defineProperty(process,'versions',{value:{node:'18.20.4'}})`
    const {code, stdout, stderr} = await run(process.execPath, ['--import', old, BIN, '--version'])
    expect({code, stdout}).toEqual({code: 2, stdout: ''})
    expect(stderr).toMatch(
      /^error\[NODE\]: ahsp-db needs Node 20 or newer, this is v\d[^\n]* - install a newer Node\n$/,
    )
  })
  test.each([[['--help']], [[]], [['help']]])('help: %j', async args => {
    const {code, stdout, stderr} = await cli(...args)
    expect({code, stderr}).toEqual({code: 0, stderr: ''})
    expect(stdout).toMatch(/\bexplain\b[\s\S]*\brules\b/)
  })
  test.each([[['explain', '--help']], [['help', 'explain']]])('help of a command: %j', async args => {
    const {code, stdout} = await cli(...args)
    expect(code).toBe(0)
    expect(stdout).toContain('$ ahsp-db explain RULE')
  })
  test('through a symbolic link and with any NODE_ENV', async () => {
    const link = join(folder, 'ahsp-db')
    if (!existsSync(link)) symlinkSync(BIN, link)
    for (const NODE_ENV of ['production', 'development', 'test', '']) {
      const {code, stdout, stderr} = await run(process.execPath, [link, 'rules', '--format', 'json'], {NODE_ENV})
      expect({code, stderr}).toEqual({code: 0, stderr: ''})
      expect(JSON.parse(stdout).length).toBeGreaterThan(0)
    }
  })
})

describe('mistakes are one line on stderr and exit code 2', () => {
  test.each([
    [['ruels'], 'unknown command ruels - did you mean rules?'],
    [['ruels', '--help'], 'unknown command ruels - did you mean rules?'],
    [['rules', '--fromat', 'json'], 'unknown flag --fromat - did you mean --format?'],
    [['rules', '--fromat=json'], 'unknown flag --fromat - did you mean --format?'],
    [['rules', '--format', 'jsn'], '--format must be one of table, json, got jsn - did you mean json?'],
    [['rules', '--format'], 'flag --format expects one of these values: table, json - see ahsp-db rules --help'],
    [['rules', 'more'], 'unexpected argument more - see ahsp-db rules --help'],
    [['explain'], 'missing argument RULE - see ahsp-db explain --help'],
    [['explain', 'io-timing'], 'unknown rule io-timing - did you mean observability/io-timing?'],
    [['--format', 'json'], 'a command must come before --format - see ahsp-db --help'],
  ])('%j', async (args, text) => {
    expect(await cli(...args)).toEqual({code: 2, stdout: '', stderr: `error[USAGE]: ${text}\n`})
  })
  test('no password in it', async () => {
    const {code, stderr} = await cli('postgres://u:s3cret@h/db')
    expect(code).toBe(2)
    expect(stderr).not.toContain('s3cret')
  })
})

describe('pipes', () => {
  test('a reader that stops early is no failure', async () => {
    const {stdout, stderr} = await shell(`set -o pipefail; ${CLI} rules --format json | head -1; echo $?`)
    expect(stderr).toBe('')
    expect(stdout).toBe('[\n0\n')
  })
  test('a reader that is gone before the first byte', async () => {
    const {stdout, stderr} = await shell(`{ ${CLI} rules; echo "code $?" >&2; } | true`)
    expect(stdout).toBe('')
    expect(stderr).toBe('code 0\n')
  })
  test('nothing is cut when the reader is slow', async () => {
    const script = join(folder, 'slow.mjs')
    const main = new URL('../dist/main.js', import.meta.url).href
    writeFileSync(
      script,
      `import {main} from '${main}'\nprocess.stdout.write('x'.repeat(3e6))\nawait main(['rules'])\n`,
    )
    const {stdout} = await shell(`${q(process.execPath)} ${q(script)} | (sleep 0.5; wc -c)`)
    expect(Number(stdout)).toBeGreaterThan(3_000_000)
  })
  test.runIf(existsSync('/dev/full'))('a full disk is exit code 6', async () => {
    const {stderr} = await shell(`${CLI} rules > /dev/full; echo "code $?" >&2`)
    expect(stderr).toMatch(/^error\[OUTPUT\]: cannot write to standard output: .*ENOSPC.* - .*\ncode 6\n$/)
  })
})

describe('what nobody expected', () => {
  /** The built program, with a command that fails in the given way. */
  const broken = (how: string, ...args: string[]) => {
    const script = `import rules from ${q(new URL('../dist/commands/rules.js', import.meta.url).href)}
      import {main} from ${q(new URL('../dist/main.js', import.meta.url).href)}
      rules.prototype.run = async function () { ${how} }
      await main(${JSON.stringify(['rules', ...args])})`
    return run(process.execPath, ['--input-type=module', '-e', script])
  }
  const LINE = /^error\[INTERNAL\]: boom - run again with --debug and report it\n$/

  test.each([
    ['thrown', 'throw new Error("boom")'],
    [
      'thrown later',
      'setTimeout(() => { throw new Error("boom") }, 10); await new Promise(() => setTimeout(() => {}, 5000))',
    ],
    [
      'rejected and not awaited',
      'void Promise.reject(new Error("boom")); await new Promise(() => setTimeout(() => {}, 5000))',
    ],
  ])('%s: exit code 5, one line', async (_, how) => {
    const {code, stderr} = await broken(how)
    expect(code).toBe(5)
    expect(stderr).toMatch(LINE)
  })
  test('the stack with --debug', async () => {
    const {code, stderr} = await broken('throw new Error("boom")', '--debug')
    expect(code).toBe(5)
    expect(stderr).toMatch(/^error\[INTERNAL\]: boom[^\n]*\nError: boom\n +at /)
  })
  test('what the command set is its exit code, and an idle handle does not keep it alive', async () => {
    const {code, stderr} = await broken('process.exitCode = 1; setInterval(() => {}, 1000); await this.parse({})')
    expect({code, stderr}).toEqual({code: 1, stderr: ''})
  })
})

test('takeDebug', () => {
  expect(takeDebug(['--debug', 'check', 'x'])).toMatchObject({argv: ['check', '--debug', 'x'], debug: true})
  expect(takeDebug(['check', '--debug'])).toMatchObject({argv: ['check', '--debug'], debug: true})
  expect(takeDebug(['check', '--', '--debug'])).toMatchObject({debug: false})
})

test('asHelp', () => {
  expect(asHelp(['help', 'check'])).toEqual(['check', '--help'])
  expect(asHelp(['check', 'help'])).toEqual(['check', 'help'])
})
