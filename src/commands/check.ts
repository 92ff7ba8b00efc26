import {Command} from '@oclif/core/command'
import * as Flags from '@oclif/core/flags'
import {acquireSnapshot} from '../cli/acquire.js'
import {judgeSince, newsOf} from '../cli/earlier.js'
import {
  baselineFlags,
  connectionFlags,
  conninfoArg,
  contextFlags,
  exitFlags,
  globalFlags,
  historyFlags,
  newsFlags,
  outputFlags,
  selectionFlags,
  snapshotFlags,
} from '../cli/flags.js'
import {historyPlan, remember} from '../cli/history.js'
import {adviceMsOf, configure, exitCodeOf} from '../cli/judge.js'
import {emit, terminal} from '../cli/output.js'
import {reportOfRefusal} from '../cli/refusal.js'
import {EXIT} from '../errors.js'
import {REPORT_FORMATS, render} from '../render/index.js'

export default class Check extends Command {
  static override summary = 'Is this PostgreSQL ready, and which exact lines must change?'
  static override description =
    'Reads the server (read-only, one connection, nothing installed), judges it, and prints the findings with their ' +
    'fixes.\n\nExit codes: 0 below --fail-on, 1 findings, 2 usage, 3 cannot connect, 4 incomplete (--strict), ' +
    '5 internal error, 6 cannot write, 124 deadline, 130/143 interrupted.'
  static override examples = [
    '<%= config.bin %> check --users 100',
    '<%= config.bin %> check postgres://me@db.example/app --users 200 --ram 16GB',
    '<%= config.bin %> check "host=/tmp dbname=app" --format markdown -o ticket.md',
    '<%= config.bin %> check --snapshot night.json --only connections',
    '<%= config.bin %> check --baseline before.json',
    '<%= config.bin %> check --save --baseline last --fail-on-new --fail-on medium',
  ]
  static override args = conninfoArg
  static override flags = {
    ...contextFlags,
    ...connectionFlags,
    ...snapshotFlags,
    ...baselineFlags,
    ...historyFlags,
    ...selectionFlags,
    format: Flags.option({char: 'f', options: REPORT_FORMATS, default: 'table', description: 'how to print'})(),
    brief: Flags.boolean({char: 'b', description: 'one line for each finding'}),
    full: Flags.boolean({description: 'the details of every finding, however many'}),
    ...outputFlags,
    ...exitFlags,
    ...newsFlags,
    ...globalFlags,
  }

  async run(): Promise<void> {
    const {args, flags} = await this.parse(Check)
    const setup = await configure(flags, args.conninfo)
    const plan = historyPlan(flags.history, setup.config)
    const format = flags.brief ? 'brief' : flags.format
    const options = {full: flags.full, ...(flags.output === undefined ? terminal() : {color: false, width: 80})}
    try {
      const snapshot = await acquireSnapshot({
        ...flags,
        conninfo: setup.config.connection,
        pgbouncer: setup.config.pgbouncer,
        adviceMs: adviceMsOf(setup.config),
      })
      const {report, diff} = await judgeSince(snapshot, setup, {...flags, place: plan.place})
      const page = {snapshot, context: setup.context, diff}
      await emit(await render(report, format, {...options, page}), flags.output)
      const counted = flags['fail-on-new'] ? newsOf(report, diff) : report
      process.exitCode = exitCodeOf(counted, snapshot, flags['fail-on'] ?? setup.config.failOn, flags.strict)
      if (flags.save) await remember(snapshot, report, plan)
    } catch (error) {
      // "Too many clients" is no failure of the check: it is the most important finding there is.
      const report = await reportOfRefusal(error, setup.context)
      if (!report) throw error
      await emit(await render(report, format, options), flags.output)
      process.exitCode = EXIT.connect
    }
  }
}
