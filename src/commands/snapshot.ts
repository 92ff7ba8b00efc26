import {Command} from '@oclif/core/command'
import * as Flags from '@oclif/core/flags'
import {acquireSnapshot} from '../cli/acquire.js'
import {connectionFlags, conninfoArg, globalFlags, outputFlags} from '../cli/flags.js'
import {adviceMsOf, configure} from '../cli/judge.js'
import {emit} from '../cli/output.js'
import {EXIT} from '../errors.js'
import {snapshotText} from '../snapshot-file.js'

export default class Snapshot extends Command {
  static override summary = 'Write what check would judge to a file, to be analysed anywhere.'
  static override description =
    'The file is JSON and redacted: no literals of queries, no secrets of settings. ' +
    "'<%= config.bin %> check --snapshot FILE' gives the same report as a live check.\n\n" +
    'With --include-statistics it also holds the tables, indexes, views and functions as SQL, and the statistics of ' +
    'the planner (pg_stats): the most common values of each column and others from all over it, unredacted. With that ' +
    "'<%= config.bin %> indexes --snapshot FILE' and 'whatif --snapshot FILE' plan without the server."
  static override examples = [
    '<%= config.bin %> snapshot -o night.json',
    '<%= config.bin %> snapshot "service=production" --window 30s -o night.json',
    '<%= config.bin %> snapshot --include-statistics -o night.json',
  ]
  static override args = conninfoArg
  static override flags = {
    'include-statistics': Flags.boolean({
      description:
        'also the definitions and the statistics that indexes and whatif need; they hold values of your data',
    }),
    ...connectionFlags,
    ...outputFlags,
    ...globalFlags,
  }

  async run(): Promise<void> {
    const {args, flags} = await this.parse(Snapshot)
    const {config} = await configure(flags, args.conninfo)
    const snapshot = await acquireSnapshot({
      ...flags,
      conninfo: config.connection,
      pgbouncer: config.pgbouncer,
      adviceMs: adviceMsOf(config),
    })
    if (flags['include-statistics']) {
      const {addSchema} = await import('../cli/planning.js')
      await addSchema(snapshot, config.connection)
    }
    await emit(snapshotText(snapshot), flags.output)
    if (snapshot.cutShortBy === 'signal') process.exitCode = EXIT.interrupted
    if (snapshot.cutShortBy === 'deadline') process.exitCode = EXIT.deadline
  }
}
