import {Command} from '@oclif/core/command'
import * as Flags from '@oclif/core/flags'
import {capacityReport} from '../capacity/capacity.js'
import {acquireSnapshot} from '../cli/acquire.js'
import {
  connectionFlags,
  conninfoArg,
  contextFlags,
  exitFlags,
  globalFlags,
  outputFlags,
  snapshotFlags,
} from '../cli/flags.js'
import {capacityExitCode, configure} from '../cli/judge.js'
import {emit, terminal} from '../cli/output.js'
import {ladder} from '../cli/quantity.js'
import {usageError} from '../errors.js'
import {FORMATS} from '../render/index.js'

/** A rate needs a window; these many users at work make it worth one. */
const WINDOW_UNDER_LOAD = '10s'

export default class Capacity extends Command {
  static override summary = 'Do N users fit, which link breaks first, and what must be written for them?'
  static override description =
    'From the application through PgBouncer and max_connections to the processors: capacity, demand at N users, the N ' +
    'at which each link breaks, and how that is known. Prints a set of lines that fit each other.\n\n' +
    'While users are at work, --current-users M measures how many connections they keep busy; otherwise the sizes are ' +
    'a share of what the server has, and the answer says so.\n\n' +
    'Exit codes: 0 fits (or cannot judge), 1 breaks or over-committed, 4 cannot judge (--strict), else as for check.'
  static override examples = [
    '<%= config.bin %> capacity --users 200',
    "<%= config.bin %> capacity --users 200 --pgbouncer 'host=pooler user=stats' --cpus 4",
    '<%= config.bin %> capacity --users 200 --current-users 50 --window 30s',
    '<%= config.bin %> capacity --users 200 --plan 10,30,50,100,200,500,1000',
  ]
  static override args = conninfoArg
  static override flags = {
    ...contextFlags,
    plan: Flags.string({description: 'a table for these numbers of users', helpValue: '10,30,50,...'}),
    ...connectionFlags,
    ...snapshotFlags,
    format: Flags.option({char: 'f', options: FORMATS, default: 'table', description: 'how to print'})(),
    strict: exitFlags.strict,
    ...outputFlags,
    ...globalFlags,
  }

  async run(): Promise<void> {
    const {args, flags} = await this.parse(Capacity)
    const {config, context} = await configure(flags, args.conninfo)
    const steps = flags.plan === undefined ? [] : ladder('--plan', flags.plan)
    const users = context.users ?? steps.at(-1)
    if (users === undefined) throw usageError('the number of users is not known', 'give --users N, e.g. --users 200')
    const window = flags.window ?? (context.currentUsers ? WINDOW_UNDER_LOAD : undefined)
    const {connection: conninfo, pgbouncer} = config
    const snapshot = await acquireSnapshot({...flags, window, conninfo, pgbouncer})
    const {settings} = snapshot.sections
    if (!settings.ok) {
      throw usageError(
        `the server's settings were not read: ${settings.message}`,
        'give the server, and --pgbouncer for its pooler',
      )
    }
    const report = capacityReport(snapshot, context, users, steps)
    const {capacityTable, capacityMarkdown} = await import('../render/capacity.js')
    const {safeJson} = await import('../render/json.js')
    const options = flags.output === undefined ? terminal() : {color: false, width: 80}
    const text = {
      table: () => capacityTable(report, options),
      markdown: () => capacityMarkdown(report),
      json: () => safeJson(report, 2),
    }[flags.format]
    await emit(await text(), flags.output)
    process.exitCode = capacityExitCode(report, snapshot, flags.strict)
  }
}
