import {Command} from '@oclif/core/command'
import * as Flags from '@oclif/core/flags'
import {acquireSnapshot} from '../cli/acquire.js'
import {judgeSince} from '../cli/earlier.js'
import {
  baselineFlags,
  connectionFlags,
  conninfoArg,
  exitFlags,
  globalFlags,
  historyFlags,
  outputFlags,
  snapshotFlags,
} from '../cli/flags.js'
import {historyPlan} from '../cli/history.js'
import {configure, exitCodeOf} from '../cli/judge.js'
import {emit, terminal} from '../cli/output.js'
import {FORMATS} from '../render/index.js'
import {OTHER_RULES, WORKLOAD_RULES} from '../workload/labels.js'
import {SORTS} from '../workload/types.js'

export default class Queries extends Command {
  static override summary = 'The workload at a glance: what each statement costs, and what it is.'
  static override description =
    'The top of pg_stat_statements, one line for statements that differ only in the length of a list, with models or ' +
    'tables by name. What findings say of a statement (N+1, cacheable, missing index, ...) stands below it.\n\n' +
    '--window tells what runs now from history.\n\n' +
    'Exit codes: 0 shown, or cannot be shown (4 with --strict), 2 usage, 3 cannot connect, else as for check.'
  static override examples = [
    '<%= config.bin %> queries',
    '<%= config.bin %> queries postgres://me@db.example/app --sort calls --top 20',
    '<%= config.bin %> queries --window 30s',
    '<%= config.bin %> queries --snapshot night.json --format markdown -o workload.md',
  ]
  static override args = conninfoArg
  static override flags = {
    sort: Flags.option({options: SORTS, default: 'time', description: 'what comes first'})(),
    top: Flags.integer({description: 'so many statements', default: 10, min: 1, helpValue: 'N'}),
    ...connectionFlags,
    ...snapshotFlags,
    ...baselineFlags,
    history: historyFlags.history,
    format: Flags.option({char: 'f', options: FORMATS, default: 'table', description: 'how to print'})(),
    strict: exitFlags.strict,
    ...outputFlags,
    ...globalFlags,
  }

  async run(): Promise<void> {
    const {args, flags} = await this.parse(Queries)
    const setup = await configure(flags, args.conninfo)
    const {config} = setup
    const snapshot = await acquireSnapshot({...flags, conninfo: config.connection, pgbouncer: config.pgbouncer})
    const rules = {...config, only: WORKLOAD_RULES, skip: [...config.skip, ...OTHER_RULES]}
    const {place} = historyPlan(flags.history, config)
    const {report} = await judgeSince(snapshot, {...setup, config: rules}, {...flags, place})
    const {workloadReport} = await import('../workload/workload.js')
    const workload = await workloadReport(snapshot, report, flags)
    const options = flags.output === undefined ? terminal() : {color: false, width: 80}
    const {renderQueries} = await import('../render/queries.js')
    await emit(await renderQueries(workload, flags.format, options), flags.output)
    // Findings are labels here, not a verdict: only what is missing counts.
    process.exitCode = exitCodeOf({...report, results: []}, snapshot, 'critical', flags.strict)
  }
}
