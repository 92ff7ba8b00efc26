import {describe, expect, test} from 'vitest'
import {CliError, EXIT} from '../src/errors.js'
import {failureOf} from '../src/failure.js'

const commands = ['autocomplete', 'autocomplete create', 'check', 'explain', 'rules']
const context = (...argv: string[]) => ({argv, debug: false, commands})

/** The fields by which @oclif/core's errors are told apart. */
const oclifError = (message: string, fields: object = {}) =>
  Object.assign(new Error(message), {oclif: {exit: 2}}, fields)
const notFound = (id: string) => oclifError(`command ${id} not found`)

describe('our own errors', () => {
  test('one line, their exit code', () => {
    const error = new CliError('AUTH', EXIT.connect, 'no password', 'set PGPASSWORD')
    expect(failureOf(error, context('check'))).toEqual({exit: 3, text: 'error[AUTH]: no password - set PGPASSWORD'})
  })
  test('thrown by the parser of a flag', () => {
    const error = new CliError(
      'USAGE',
      EXIT.usage,
      'Parsing --ram \n\tnot a size: 5\nSee more help with --help',
      'say 5GB',
    )
    expect(failureOf(error, context('check')).text).toBe('error[USAGE]: --ram: not a size: 5 - say 5GB')
  })
})

describe('commands', () => {
  test.each([
    [['chek'], 'unknown command chek - did you mean check?'],
    [['frobnicate', 'now'], 'unknown command frobnicate - see ahsp-db --help'],
    [['autocomplete', 'creat'], 'unknown command autocomplete creat - did you mean autocomplete create?'],
    [['--users', '5', 'check'], 'a command must come before --users - see ahsp-db --help'],
    [['postgres://u:s3cret@h/db'], 'the connection was given without a command - try ahsp-db check CONNINFO'],
    [['host=h password=s3cret'], 'the connection was given without a command - try ahsp-db check CONNINFO'],
    [['rules', 'more'], 'unexpected argument more - see ahsp-db rules --help'],
    [['a\u001b[31mb\u0007'], 'unknown command a?[31mb? - see ahsp-db --help'],
  ])('%j', (argv, text) => {
    expect(failureOf(notFound(argv[0]!), context(...argv))).toEqual({exit: 2, text: `error[USAGE]: ${text}`})
  })
})

describe('flags and arguments', () => {
  const parse = {input: {flags: {users: {}, format: {}}, context: {id: 'check'}}}
  test.each([
    [
      oclifError('Nonexistent flag: --usres', {flags: ['--usres'], parse}),
      'unknown flag --usres - did you mean --users?',
    ],
    [
      oclifError('Nonexistent flags: -x, -y', {flags: ['-x', '-y'], parse}),
      'unknown flags -x, -y - see ahsp-db check --help',
    ],
    [oclifError('Unexpected argument: x', {args: ['x'], parse}), 'unexpected argument x - see ahsp-db check --help'],
    [
      oclifError('Missing 1 required arg:\nrule  id\nSee more help with --help', {args: [{name: 'rule'}], parse}),
      'missing argument RULE - see ahsp-db check --help',
    ],
    [
      oclifError('Expected --format=jsn to be one of: table, json\nSee more help with --help', {parse: {}}),
      '--format must be one of table, json, got jsn - did you mean json?',
    ],
    [
      oclifError('Parsing --users \n\tExpected an integer but received: many\nSee more help with --help'),
      '--users: expected an integer but received: many - see ahsp-db check --help',
    ],
    [oclifError('Flag --users expects a value'), 'flag --users expects a value - see ahsp-db check --help'],
    [
      oclifError('The following error occurred:\n  --print cannot also be provided when using --force', {parse}),
      '--print cannot also be provided when using --force - see ahsp-db check --help',
    ],
    [
      oclifError('Unexpected argument: postgres://u:s3cret@h', {args: ['postgres://u:s3cret@h'], parse}),
      'unexpected argument postgres://u:<redacted>@h - see ahsp-db check --help',
    ],
  ])('%s', (error, text) => {
    expect(failureOf(error, context('check'))).toEqual({exit: 2, text: `error[USAGE]: ${text}`})
  })
})

describe('what nobody expected', () => {
  test('is exit code 5, never 1', () => {
    expect(failureOf(new TypeError('x is not a function\n  really'), context('check'))).toEqual({
      exit: 5,
      text: 'error[INTERNAL]: x is not a function really - run again with --debug and report it',
    })
  })
  test('has its stack with --debug only', () => {
    const error = new Error('boom')
    expect(failureOf(error, context('check')).text).not.toContain('failure.test')
    expect(failureOf(error, {...context('check'), debug: true}).text).toContain('failure.test')
  })
  test('may be no Error, or one without a message', () => {
    expect(failureOf('boom', context()).text).toContain('error[INTERNAL]: boom - ')
    expect(failureOf(new RangeError(), context()).text).toContain('error[INTERNAL]: RangeError - ')
  })
  test('a command that cannot be loaded is our mistake, not the user’s', () => {
    const error = oclifError('[MODULE_NOT_FOUND] import() failed', {code: 'MODULE_NOT_FOUND', oclif: {exit: 1}})
    expect(failureOf(error, context('check')).exit).toBe(5)
  })
})

test('this.exit(n) of a command ends silently with n', () => {
  expect(failureOf(oclifError('EEXIT: 4', {code: 'EEXIT', oclif: {exit: 4}}), context('check'))).toEqual({exit: 4})
})
