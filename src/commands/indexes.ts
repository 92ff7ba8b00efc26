import {Command} from '@oclif/core/command'
import * as Flags from '@oclif/core/flags'
import {conninfoArg, globalFlags, outputFlags, workloadFlags} from '../cli/flags.js'
import {emit, terminal} from '../cli/output.js'
import {planningRequest} from '../cli/planning-request.js'
import {size} from '../cli/quantity.js'
import {FORMATS} from '../render/index.js'

export default class Indexes extends Command {
  static override summary = 'Which indexes does the workload lack - costed before they are advised?'
  static override description =
    'Plans the statements of pg_stat_statements (or of files, or logs) on a private PostgreSQL that gets the schema and the statistics of the ' +
    'database, but no row, tries candidates there and prints those that pay, with the cost before and after. Nothing ' +
    'is changed on the server, and nothing is executed.\n\nExit codes: 0 shown, 2 usage or no workload, 3 cannot ' +
    'connect, 5 internal error, 6 cannot write.'
  static override examples = [
    '<%= config.bin %> indexes',
    '<%= config.bin %> indexes postgres://me@db.example/app --budget 500MB --max 5',
    '<%= config.bin %> indexes --queries reports.sql --explain',
    '<%= config.bin %> indexes --log postgresql-Mon.csv --log postgresql-Tue.csv',
    '<%= config.bin %> snapshot --include-statistics -o night.json; <%= config.bin %> indexes --snapshot night.json',
    '<%= config.bin %> indexes --format markdown -o indexes.md',
  ]
  static override args = conninfoArg
  static override flags = {
    budget: Flags.string({
      description: 'size of all new indexes (default: a quarter of the tables)',
      helpValue: 'SIZE',
    }),
    max: Flags.integer({description: 'at most so many', default: 10, min: 1, helpValue: 'N'}),
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
    const {args, flags} = await this.parse(Indexes)
    const budget = flags.budget === undefined ? undefined : size('--budget', flags.budget)
    const {request, snapshot} = await planningRequest(flags, args.conninfo)
    const {adviseIndexes} = await import('../cli/advise.js')
    const {max: maximum, explain: plans} = flags
    const report = await adviseIndexes(snapshot, {...request, budget, maximum, plans})
    const options = flags.output === undefined ? terminal() : {color: false, width: 80}
    const {renderIndexes} = await import('../render/indexes.js')
    await emit(await renderIndexes(report, flags.format, options), flags.output)
  }
}
