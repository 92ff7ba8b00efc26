import {Command} from '@oclif/core/command'
import * as Flags from '@oclif/core/flags'
import {connectionFlags, conninfoArg, contextFlags, globalFlags} from '../../cli/flags.js'
import {configure} from '../../cli/judge.js'
import {duration} from '../../cli/quantity.js'
import {defaultName} from '../../loadtest/watch/file.js'
import {watch} from '../../loadtest/watch/watch.js'

export default class Watch extends Command {
  static override summary = 'Record what the database does during a load test.'
  static override description =
    'Samples the server (and the PgBouncers named) each second over one connection, until Ctrl-C, the duration, or the ' +
    'end of COMMAND, which is started and gets the signals. That the server refuses connections is recorded, too; ' +
    'sampling goes on as soon as it can.\n\n' +
    'The file is JSON lines, redacted as a snapshot is, and whole at every moment. Progress goes to standard error; ' +
    "standard output is COMMAND's alone.\n\n" +
    "Exit codes: COMMAND's own (128 + n when signal n ended it); without one 0, also after Ctrl-C, 143 after SIGTERM; " +
    '2 usage, 3 cannot connect, 5 internal error, 6 cannot write.'
  static override usage = 'loadtest watch [CONNINFO] [FLAGS] [-- COMMAND...]'
  static override examples = [
    '<%= config.bin %> <%= command.id %> -o run.jsonl -- locust --headless -u 50 --csv run',
    '<%= config.bin %> <%= command.id %> --pgbouncer "host=pooler user=x" -- k6 run a.js',
    '<%= config.bin %> <%= command.id %> --duration 5m',
  ]
  static override args = conninfoArg
  static override flags = {
    users: {...contextFlags.users, description: 'users of the load test, for its verdict'},
    duration: Flags.string({
      description: 'end after this long (else Ctrl-C, or the command, ends it)',
      helpValue: 'TIME',
    }),
    pgbouncer: connectionFlags.pgbouncer,
    cpus: contextFlags.cpus,
    output: Flags.string({
      char: 'o',
      description: 'the file to record to (default: ahsp-db-run-<UTC time>.jsonl here)',
      helpValue: 'FILE',
    }),
    ...globalFlags,
  }

  async run(): Promise<void> {
    // Behind -- everything is the command's: oclif would take its first word for the connection string.
    const stop = this.argv.indexOf('--')
    const [own, command] = stop === -1 ? [this.argv, []] : [this.argv.slice(0, stop), this.argv.slice(stop + 1)]
    const {args, flags} = await this.parse(Watch, own)
    const {config, context} = await configure(flags, args.conninfo)
    process.exitCode = await watch({
      conninfo: config.connection,
      pgbouncer: config.pgbouncer ?? [],
      users: context.users ?? null,
      cpus: context.cpus ?? null,
      durationMs: flags.duration === undefined ? undefined : duration('--duration', flags.duration),
      output: flags.output ?? defaultName(new Date()),
      command,
    })
  }
}
