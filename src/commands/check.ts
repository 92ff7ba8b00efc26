import {Command} from '@oclif/core/command'
import * as Flags from '@oclif/core/flags'
import {type Acquire, acquireSnapshot} from '../cli/acquire.js'
import {deliver} from '../cli/deliver.js'
import {judgeSince, newsOf, type Setup} from '../cli/earlier.js'
import {
  baselineFlags,
  connectionFlags,
  conninfoArg,
  contextFlags,
  exitFlags,
  fleetFlags,
  globalFlags,
  historyFlags,
  newsFlags,
  outputFlags,
  selectionFlags,
  snapshotFlags,
} from '../cli/flags.js'
import {historyPlan, remember} from '../cli/history.js'
import {adviceMsOf, configure, exitCodeOf, type JudgeFlags} from '../cli/judge.js'
import {lockRun} from '../cli/lock-run.js'
import {reportOfRefusal} from '../cli/refusal.js'
import {formatFlag, orFailure, sinksOf} from '../cli/sinks.js'
import {trendOf} from '../cli/trend.js'
import {EXIT} from '../errors.js'
import type {HtmlOptions} from '../render/html/index.js'
import type {Report} from '../report.js'
import type {Snapshot} from '../snapshot.js'

export default class Check extends Command {
  static override summary = 'Is this PostgreSQL ready, and which exact lines must change?'
  static override description =
    'Reads the server (read-only, one connection, nothing installed), judges it, and prints the findings with their ' +
    'fixes. CONNINFO may be the name of a target of the configuration; --all checks all of them.\n\nExit codes: 0 below --fail-on, 1 findings, 2 usage, 3 cannot connect, 4 incomplete (--strict), ' +
    '5 internal error, 6 cannot write, 75 another run of it saves (--wait-lock), 124 deadline, 130/143 interrupted; ' +
    'with --format nagios 0 to 3.'
  static override examples = [
    '<%= config.bin %> check --users 100',
    '<%= config.bin %> check postgres://me@db.example/app --users 200 --ram 16GB',
    '<%= config.bin %> check "host=/tmp dbname=app" --format markdown -o ticket.md',
    '<%= config.bin %> check --snapshot night.json --only connections',
    '<%= config.bin %> check --baseline before.json',
    '<%= config.bin %> check --format table --format html=report.html --format junit=out.xml',
    '<%= config.bin %> check --save --baseline last --fail-on-new --fail-on medium',
    "<%= config.bin %> check --all --tag production --format 'html=reports/{name}.html'",
  ]
  static override args = conninfoArg
  static override flags = {
    ...contextFlags,
    ...connectionFlags,
    ...snapshotFlags,
    ...baselineFlags,
    ...historyFlags,
    ...fleetFlags,
    ...selectionFlags,
    ...formatFlag,
    brief: Flags.boolean({char: 'b', description: 'one line for each finding'}),
    full: Flags.boolean({description: 'the details of every finding, however many'}),
    ...outputFlags,
    ...exitFlags,
    ...newsFlags,
    ...globalFlags,
  }

  async run(): Promise<void> {
    const {args, flags} = await this.parse(Check)
    if (flags.all || flags.tag) {
      const {checkFleet} = await import('../cli/fleet.js')
      return checkFleet(flags, args.conninfo)
    }
    const sinks = sinksOf(flags)
    const {report, snapshot, counted, setup, page} = await orFailure(sinks, () => checked(flags, args.conninfo))
    const failOn = {flag: flags['fail-on'], config: setup.config.failOn}
    const code = snapshot ? exitCodeOf(counted, snapshot, failOn.flag ?? failOn.config, flags.strict) : EXIT.connect
    const written = await deliver(sinks, {report, counted, page, code, failOn, full: flags.full})
    process.exitCode = written.code
    if (flags.save && snapshot) await remember(snapshot, report, historyPlan(flags.history, setup.config))
    if (written.failure) throw written.failure
  }
}

type CheckFlags = JudgeFlags &
  Omit<Acquire, 'conninfo'> & {history?: string; save?: boolean; 'fail-on-new'?: boolean; format?: string[]}

/** Only the page shows trends, and they cost reading the history. */
const isPageWanted = ({format = []}: CheckFlags) => format.some(text => /^html(=|$)/.test(text))

type Run = {
  report: Report
  /** of the report, the findings that count */
  counted: Report
  /** null: the server refused the session */
  snapshot: Snapshot | null
  setup: Setup
  page?: HtmlOptions
}

async function checked(flags: CheckFlags, conninfo: string | undefined): Promise<Run> {
  const setup = await configure(flags, conninfo)
  const plan = historyPlan(flags.history, setup.config)
  if (flags.save) await lockRun(setup.config.connection, flags, plan.place)
  try {
    const snapshot = await acquireSnapshot({
      ...flags,
      conninfo: setup.config.connection,
      pgbouncer: setup.config.pgbouncer,
      adviceMs: adviceMsOf(setup.config),
    })
    const {report, diff} = await judgeSince(snapshot, setup, {...flags, place: plan.place})
    const counted = flags['fail-on-new'] ? newsOf(report, diff) : report
    const trend = isPageWanted(flags) ? (await trendOf(snapshot, plan.place)).points : []
    return {report, counted, snapshot, setup, page: {snapshot, context: setup.context, diff, trend}}
  } catch (error) {
    // "Too many clients" is no failure of the check: it is the most important finding there is.
    const report = await reportOfRefusal(error, setup.context)
    if (!report) throw error
    return {report, counted: report, snapshot: null, setup}
  }
}
