import {Command} from '@oclif/core/command'
import * as Flags from '@oclif/core/flags'
import {acquireSnapshot} from '../cli/acquire.js'
import {
  connectionFlags,
  conninfoArg,
  contextFlags,
  exitFlags,
  globalFlags,
  selectionFlags,
  snapshotFlags,
} from '../cli/flags.js'
import {adviceMsOf, configure, exitCodeOf, judge} from '../cli/judge.js'
import {writePage} from '../cli/page.js'
import {reportOfRefusal} from '../cli/refusal.js'
import {EXIT} from '../errors.js'

export default class Report extends Command {
  static override summary = 'The report as one page to look at, to send and to print.'
  static override description =
    'Checks as `check` does, and writes a single HTML file that loads nothing from anywhere: the verdict and what is ' +
    'new, findings with their lines, connections, statements, tables, and trends when there is a history.\n\n' +
    'Exit codes: as for check.'
  static override examples = [
    '<%= config.bin %> report -o report.html --users 100',
    '<%= config.bin %> report postgres://me@db.example/app -o report.html',
    '<%= config.bin %> report --history /var/lib/ahsp-db --baseline 7d -o week.html',
    '<%= config.bin %> report --snapshot night.json -o night.html',
  ]
  static override args = conninfoArg
  static override flags = {
    output: Flags.string({char: 'o', description: 'write to this file', default: 'report.html', helpValue: 'FILE'}),
    history: Flags.string({description: 'where earlier runs are (default: .ahsp-db/history)', helpValue: 'PLACE'}),
    baseline: Flags.string({
      description: 'the run to compare with: last, or the one so long ago (24h, 7d)',
      default: 'last',
      helpValue: 'last|7d',
    }),
    ...contextFlags,
    ...connectionFlags,
    ...snapshotFlags,
    ...selectionFlags,
    ...exitFlags,
    ...globalFlags,
  }

  async run(): Promise<void> {
    const {args, flags} = await this.parse(Report)
    const setup = await configure({...flags, baseline: undefined}, args.conninfo)
    try {
      const snapshot = await acquireSnapshot({
        ...flags,
        conninfo: setup.config.connection,
        pgbouncer: setup.config.pgbouncer,
        adviceMs: adviceMsOf(setup.config),
      })
      const {pastOf, diffWith} = await import('../cli/history-page.js')
      const past = await pastOf(snapshot, flags.history, flags.baseline)
      const report = await judge(snapshot, setup, flags.debug)
      const diff = diffWith(past.entry, report, snapshot)
      await writePage(report, {snapshot, diff, trend: past.trend, context: setup.context}, flags.output, past.notes)
      process.exitCode = exitCodeOf(report, snapshot, flags['fail-on'] ?? setup.config.failOn, flags.strict)
    } catch (error) {
      const report = await reportOfRefusal(error, setup.context)
      if (!report) throw error
      await writePage(report, {snapshot: null, context: setup.context}, flags.output)
      process.exitCode = EXIT.connect
    }
  }
}
