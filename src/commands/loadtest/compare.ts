import {Command} from '@oclif/core/command'
import * as Flags from '@oclif/core/flags'
import {askedOf, readCompared} from '../../cli/compare.js'
import {contextFlags, globalFlags, outputFlags} from '../../cli/flags.js'
import {emit, terminal} from '../../cli/output.js'
import {FORMATS} from '../../render/index.js'

export default class Compare extends Command {
  static override summary = 'What was changed between load tests, and did it help?'
  static override description =
    'The runs in the order given, each against the one before it: success, throughput, latencies, failures by cause; ' +
    'which settings, pools, versions, indexes and tables changed; and whether that helped. A difference within the ' +
    'noise of the runs is none.\n\n' +
    'The steps of a ladder can be given together: --next-users N tells what to expect next, and which link breaks ' +
    'first.\n\n' +
    "Without the load generator's files the database's own figures are compared, the rest is not measured.\n\n" +
    'Exit codes: 0 compared, 2 usage or a file that cannot be read, 5 internal error, 6 cannot write.'
  static override usage = 'loadtest compare RUN RUN... [FLAGS]'
  static override examples = [
    '<%= config.bin %> <%= command.id %> old.jsonl new.jsonl --locust old --locust new',
    '<%= config.bin %> <%= command.id %> a.jsonl b.jsonl --k6 none --k6 b.csv',
    '<%= config.bin %> <%= command.id %> 10.jsonl 30.jsonl --next-users 60',
  ]
  static override strict = false
  static override flags = {
    locust: Flags.string({
      description: "what was given to locust --csv; again for each run, in order ('none': that run has no files)",
      multiple: true,
      multipleNonGreedy: true,
      exclusive: ['k6'],
      helpValue: 'PREFIX',
    }),
    k6: Flags.string({
      description: "summary (JSON) or output (CSV) of k6; again for each run, in order ('none': that run has none)",
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'FILE',
    }),
    from: Flags.string({
      description: "when the load began, for files without times; again for each run ('none': by its file)",
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'TIME',
    }),
    to: Flags.string({
      description: 'when it ended; again for each run',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'TIME',
    }),
    'next-users': {
      ...contextFlags['current-users'],
      description: 'what to expect at so many users, from the steps of all runs',
    },
    cpus: {...contextFlags.cpus, description: 'CPU cores of the server (default: as told to watch)'},
    format: Flags.option({char: 'f', options: FORMATS, default: 'table', description: 'how to print'})(),
    ...outputFlags,
    ...globalFlags,
  }

  async run(): Promise<void> {
    const {argv, flags} = await this.parse(Compare)
    const runs = await readCompared(argv as string[], flags)
    const {compareRuns} = await import('../../loadtest/compare.js')
    const {renderJourney} = await import('../../render/loadtest-compare.js')
    const page = flags.output === undefined ? terminal() : {color: false, width: 80}
    const journey = compareRuns(runs, await askedOf(flags))
    await emit(await renderJourney(journey, flags.format, page), flags.output)
  }
}
