import * as Args from '@oclif/core/args'
import {Command} from '@oclif/core/command'
import * as Flags from '@oclif/core/flags'
import {globalFlags, outputFlags} from '../cli/flags.js'
import {emit, terminal} from '../cli/output.js'
import {duration} from '../cli/quantity.js'
import {EXIT, usageError} from '../errors.js'
import {analyzeLogs} from '../log/analyze.js'
import {LOG_FORMATS, renderLog} from '../log/render.js'

const atLeast = (least: number) =>
  Flags.custom<number>({
    parse: async input => {
      const number = Number(input)
      if (Number.isInteger(number) && number >= least) return number
      throw usageError(`${JSON.stringify(input)} is no whole number from ${least} on`, `e.g. ${least}`)
    },
  })

export default class NPlusOne extends Command {
  static override summary = "Find N+1 loops in PostgreSQL's logs: parent, child, how often, what instead."
  static override description =
    'Reads stderr, csvlog and jsonlog, plain or gzip, without a server and in constant memory. The log must hold all ' +
    'statements: log_min_duration_statement = 0, and %m and %p in log_line_prefix.\n\nExit codes: 0 no N+1, 1 N+1 ' +
    'found, 2 usage or unreadable file, 4 cannot judge (--strict), 5 internal error, 6 cannot write, 130/143 interrupted.'
  static override examples = [
    '<%= config.bin %> nplusone postgresql.log',
    '<%= config.bin %> nplusone postgresql-*.csv postgresql-*.log.gz',
    "<%= config.bin %> nplusone --prefix '%t:%r:%u@%d:[%p]:' error.log",
    'kubectl logs db-0 | <%= config.bin %> nplusone -',
    '<%= config.bin %> nplusone app.log --format markdown -o ticket.md',
  ]
  // Several files: oclif has no argument that repeats.
  static override strict = false
  static override args = {
    log: Args.string({
      required: true,
      ignoreStdin: true,
      description: 'log files in the order in which they were written; - is standard input',
    }),
  }
  static override flags = {
    prefix: Flags.string({
      description: 'log_line_prefix of a stderr log (default: recognised)',
      helpValue: 'LOG_LINE_PREFIX',
    }),
    gap: Flags.string({description: 'a pause that ends a request', default: '50ms', helpValue: 'TIME'}),
    repetitions: atLeast(2)({description: 'a loop goes round at least so often', default: 5, helpValue: 'N'}),
    runs: atLeast(1)({description: 'a loop is seen at least so often', default: 3, helpValue: 'N'}),
    requests: atLeast(0)({description: 'show so many of the costliest requests', default: 5, helpValue: 'N'}),
    format: Flags.option({char: 'f', options: LOG_FORMATS, default: 'table', description: 'how to print'})(),
    ...outputFlags,
    strict: Flags.boolean({description: 'exit 4 when the log cannot be judged'}),
    debug: globalFlags.debug,
  }

  async run(): Promise<void> {
    const {argv, flags} = await this.parse(NPlusOne)
    const gapMs = duration('--gap', flags.gap)
    const report = await analyzeLogs(argv as string[], {...flags, gapMs})
    const page = flags.output === undefined ? terminal() : {color: false, width: 80}
    await emit(await renderLog(report, flags.format, page), flags.output)
    const {status} = report.verdict
    const strict = flags.strict && status === 'cannot-judge'
    process.exitCode = status === 'found' ? EXIT.findings : strict ? EXIT.partial : EXIT.ok
  }
}
