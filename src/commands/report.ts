import {Command} from '@oclif/core/command'
import * as Flags from '@oclif/core/flags'
import {acquireSnapshot} from '../cli/acquire.js'
import {judgeSince} from '../cli/earlier.js'
import {
  baselineFlags,
  connectionFlags,
  conninfoArg,
  contextFlags,
  exitFlags,
  fleetFlags,
  globalFlags,
  historyFlags,
  selectionFlags,
  snapshotFlags,
} from '../cli/flags.js'
import {historyPlan, remember} from '../cli/history.js'
import {adviceMsOf, configure, exitCodeOf} from '../cli/judge.js'
import {lockRun} from '../cli/lock-run.js'
import {writePage} from '../cli/page.js'
import {reportOfRefusal} from '../cli/refusal.js'
import {trendOf} from '../cli/trend.js'
import {sendFailure, sendSummary, webhookFlags, webhookOf} from '../cli/webhook.js'
import {EXIT} from '../errors.js'

const DEFAULT_PAGE = 'report.html'

export default class Report extends Command {
  static override summary = 'The report as one page to look at, to send and to print.'
  static override description =
    'Checks as `check` does, and writes a single HTML file that loads nothing from anywhere: the verdict and what is ' +
    'new, findings with their lines, connections, statements, tables, and trends when there is a history (--save).\n\n' +
    'Without --baseline it is compared with the last run of the history. Exit codes: as for check.'
  static override examples = [
    '<%= config.bin %> report -o report.html --users 100',
    '<%= config.bin %> report postgres://me@db.example/app --save -o report.html',
    '<%= config.bin %> report --history /var/lib/ahsp-db --baseline 7d -o week.html',
    '<%= config.bin %> report --snapshot night.json -o night.html',
    "<%= config.bin %> report --all --tag production -o 'reports/{name}.html'",
    '<%= config.bin %> report --save --webhook env:SLACK_WEBHOOK',
  ]
  static override args = conninfoArg
  static override flags = {
    output: Flags.string({
      char: 'o',
      description: 'write to this file; - is standard output',
      default: DEFAULT_PAGE,
      helpValue: 'FILE',
    }),
    ...contextFlags,
    ...connectionFlags,
    ...snapshotFlags,
    ...baselineFlags,
    ...historyFlags,
    ...fleetFlags,
    ...selectionFlags,
    ...webhookFlags,
    ...exitFlags,
    ...globalFlags,
  }

  async run(): Promise<void> {
    const {args, flags} = await this.parse(Report)
    if (flags.all || flags.tag) {
      const {reportFleet} = await import('../cli/fleet.js')
      return reportFleet(flags, args.conninfo, flags.output === DEFAULT_PAGE)
    }
    const webhook = await webhookOf(flags)
    const setup = await configure(flags, args.conninfo)
    const {context, config} = setup
    const plan = historyPlan(flags.history, config)
    if (flags.save) await lockRun(config.connection, flags, plan.place)
    try {
      const snapshot = await acquireSnapshot({
        ...flags,
        conninfo: config.connection,
        pgbouncer: config.pgbouncer,
        adviceMs: adviceMsOf(config),
      })
      const {points: trend, notes} = await trendOf(snapshot, plan.place)
      // Who asks for nothing is compared with the last run, and not told that there is none.
      const baseline = flags.baseline ?? (trend.length > 0 ? 'last' : undefined)
      const {report, diff} = await judgeSince(snapshot, setup, {...flags, baseline, place: plan.place})
      await writePage(report, {snapshot, diff, trend, context}, flags.output, notes)
      process.exitCode = exitCodeOf(report, snapshot, flags['fail-on'] ?? config.failOn, flags.strict)
      try {
        if (flags.save) await remember(snapshot, report, plan)
      } finally {
        await sendSummary(webhook, {report, snapshot}, diff)
      }
    } catch (error) {
      const report = await reportOfRefusal(error, context)
      if (!report) await sendFailure(webhook, error)
      if (!report) throw error
      await writePage(report, {snapshot: null, context}, flags.output)
      await sendSummary(webhook, {report, snapshot: null})
      process.exitCode = EXIT.connect
    }
  }
}
