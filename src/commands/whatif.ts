import {Command} from '@oclif/core/command'
import * as Flags from '@oclif/core/flags'
import {conninfoArg, globalFlags, outputFlags, workloadFlags} from '../cli/flags.js'
import {emit, terminal} from '../cli/output.js'
import {planningRequest} from '../cli/planning-request.js'
import {FORMATS} from '../render/index.js'

const several = (description: string, helpValue: string) =>
  Flags.string({description, helpValue, multiple: true, multipleNonGreedy: true})

export default class Whatif extends Command {
  static override summary = 'Which plans of the workload change with another setting or index - before it is changed?'
  static override description =
    'Plans the statements of pg_stat_statements (or of files, or logs) twice, as things are and with the change, on a ' +
    'private PostgreSQL that gets the schema and the statistics of the database, but no row. Names each plan that ' +
    'becomes another one. Nothing is changed on the server, and nothing is executed.\n\nCosts are estimates. With other ' +
    'prices (random_page_cost, cpu_*_cost, effective_cache_size) they are in another currency: then old and new plan ' +
    'are compared by the same prices.\n\nExit codes: 0 shown, 2 usage, no workload, or a change that the planner does ' +
    'not take, 3 cannot connect, 5 internal error, 6 cannot write.'
  static override examples = [
    '<%= config.bin %> whatif --set random_page_cost=1.1 --set work_mem=64MB',
    "<%= config.bin %> whatif --index 'CREATE INDEX ON orders (customer_id, placed_at)' --explain",
    '<%= config.bin %> whatif --drop-index orders_status_idx postgres://me@db.example/app',
    '<%= config.bin %> whatif --set enable_nestloop=off --log postgresql.csv --format markdown',
    '<%= config.bin %> whatif --set work_mem=64MB --snapshot night.json',
  ]
  static override args = conninfoArg
  static override flags = {
    set: several('a setting of the planner; again for each', 'NAME=VALUE'),
    index: several('an index that is not there; again for each', 'SQL'),
    'drop-index': several('an existing index to do without; again for each', 'NAME'),
    ...workloadFlags,
    explain: Flags.boolean({description: 'show the plans before and after'}),
    format: Flags.option({char: 'f', options: FORMATS, default: 'table', description: 'how to print'})(),
    timeout: Flags.string({
      description: 'end the reading of the server after this long',
      default: '60s',
      helpValue: 'TIME',
    }),
    ...outputFlags,
    ...globalFlags,
  }

  async run(): Promise<void> {
    const {args, flags} = await this.parse(Whatif)
    const {request, snapshot} = await planningRequest(flags, args.conninfo)
    const {whatif} = await import('../cli/whatif.js')
    const {set = [], index = [], 'drop-index': drop = [], explain: plans} = flags
    const report = await whatif(snapshot, {...request, set, index, drop, plans})
    const {renderWhatif} = await import('../render/whatif.js')
    const options = flags.output === undefined ? terminal() : {color: false, width: 80}
    await emit(await renderWhatif(report, flags.format, options), flags.output)
  }
}
