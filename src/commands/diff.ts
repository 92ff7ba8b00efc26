import * as Args from '@oclif/core/args'
import {Command} from '@oclif/core/command'
import * as Flags from '@oclif/core/flags'
import {contextFlags, globalFlags, historyFlags, outputFlags, selectionFlags} from '../cli/flags.js'
import {historyPlan} from '../cli/history.js'
import {configure} from '../cli/judge.js'
import {emit, terminal} from '../cli/output.js'
import {FORMATS} from '../render/index.js'

export default class Diff extends Command {
  static override summary = 'What changed between two runs: findings, settings, schema, statements.'
  static override description =
    'A run is a file of `snapshot`, of `check --format json`, or one that `check --save` remembered: its id, `last`, ' +
    'or an age (12h, 7d) counted from the newest. Snapshots are judged again by the rules and the configuration of ' +
    'today, so that only the database differs. Of reports without a snapshot the findings alone are compared.\n\n' +
    'Exit codes: 0 compared, 2 usage or a file that cannot be read, 5 internal error, 6 cannot write.'
  static override examples = [
    {description: 'The last run and the one before', command: '<%= config.bin %> diff last'},
    {description: 'This week', command: '<%= config.bin %> diff 7d'},
    {
      description: 'Two files',
      command: '<%= config.bin %> diff before.json after.json --format markdown -o release.md',
    },
    {description: 'What is remembered', command: '<%= config.bin %> diff --list'},
  ]
  static override args = {
    before: Args.string({description: 'the earlier run: FILE, ID, last or an age', default: 'last', ignoreStdin: true}),
    after: Args.string({description: 'the later one', default: 'last', ignoreStdin: true}),
  }
  static override flags = {
    list: Flags.boolean({description: 'only list the runs that are remembered, newest first'}),
    target: Flags.string({description: 'of which database, when there are several', helpValue: 'HOST:PORT/DATABASE'}),
    history: historyFlags.history,
    ...contextFlags,
    ...selectionFlags,
    format: Flags.option({char: 'f', options: FORMATS, default: 'table', description: 'how to print'})(),
    ...outputFlags,
    ...globalFlags,
  }

  async run(): Promise<void> {
    const {args, flags} = await this.parse(Diff)
    // Nothing is connected to: the variables of the connection need not be set.
    const setup = await configure({...flags, snapshot: []})
    const {place} = historyPlan(flags.history, setup.config)
    const {diffOf, listOf} = await import('../cli/diff.js')
    if (flags.list) return emit((await listOf(place, flags.target)).join('\n'), flags.output)
    const diff = await diffOf({...args, target: flags.target, place}, setup)
    const {renderDiff} = await import('../render/diff.js')
    const page = flags.output === undefined ? terminal() : {color: false, width: 80}
    await emit(await renderDiff(diff, flags.format, page), flags.output)
  }
}
