import * as Args from '@oclif/core/args'
import {Command} from '@oclif/core/command'
import * as Flags from '@oclif/core/flags'
import {acquireSnapshot} from '../cli/acquire.js'
import {connectionFlags, contextFlags, globalFlags, outputFlags, snapshotFlags} from '../cli/flags.js'
import {adviceMsOf, configure, judge} from '../cli/judge.js'
import {emit} from '../cli/output.js'

export default class Fix extends Command {
  static override summary = 'Print the whole guide: back up, edit, apply, verify, undo.'
  static override description =
    'Nothing is changed: it prints what you would type, for the findings of the named rules or of all.'
  static override examples = [
    '<%= config.bin %> fix --users 100',
    '<%= config.bin %> fix connections/exhaustion --users 100 --db service=prod',
    '<%= config.bin %> fix --format sql --snapshot night.json > fix.sql',
  ]
  static override strict = false
  static override args = {
    rule: Args.string({description: 'rules or categories (default: all that found something)', ignoreStdin: true}),
  }
  static override flags = {
    db: Flags.string({char: 'd', description: 'URL, key=value string or database name', helpValue: 'CONNINFO'}),
    ...contextFlags,
    ...connectionFlags,
    ...snapshotFlags,
    format: Flags.option({
      char: 'f',
      options: ['markdown', 'sql', 'conf'] as const,
      default: 'markdown',
      description: 'the guide, or only the lines of one kind',
    })(),
    ...outputFlags,
    ...globalFlags,
  }

  async run(): Promise<void> {
    const {argv, flags} = await this.parse(Fix)
    const only = argv.length > 0 ? (argv as string[]) : undefined
    const setup = await configure({...flags, only}, flags.db)
    const snapshot = await acquireSnapshot({
      ...flags,
      conninfo: setup.config.connection,
      pgbouncer: setup.config.pgbouncer,
      adviceMs: adviceMsOf(setup.config),
    })
    const {guide} = await import('../render/guide.js')
    await emit(guide(await judge(snapshot, setup), flags.format), flags.output)
  }
}
