import * as Args from '@oclif/core/args'
import {Command} from '@oclif/core/command'
import * as Flags from '@oclif/core/flags'
import {contextFlags, globalFlags, outputFlags} from '../../cli/flags.js'
import {emit, terminal} from '../../cli/output.js'
import {percentFlag, phaseFlag, verdictExitCode, verdictOf} from '../../cli/verdict.js'
import {FORMATS} from '../../render/index.js'

export default class Verdict extends Command {
  static override summary = 'Why did the load test break, and is the next step safe?'
  static override description =
    "Judges a recorded run by the phase's limits, names the bottleneck, and tells for each failure whether the database " +
    'explains it: by the samples of the same seconds. Then GO, CONDITIONAL or NO-GO for the next step of the ladder. ' +
    'The phase is the one at or below the tested users; its limits can be set under phases: in ahsp-db.yaml.\n\n' +
    'What the next step needs is predicted from the steps of this run, and of those given with --earlier. An earlier ' +
    'run needs no files of the load generator. To give them all the same, repeat --locust or --k6: that of RUN first, ' +
    "then one for each --earlier in its order ('none': no files).\n\n" +
    'Exit codes: 0 GO (with --allow-conditional also CONDITIONAL), 1 NO-GO or CONDITIONAL, 2 cannot judge, or usage, or ' +
    'no second in common, 5 internal error, 6 cannot write.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> run.jsonl --locust results/run50',
    '<%= config.bin %> <%= command.id %> a.jsonl --k6 a.csv -f markdown -o a.md',
    '<%= config.bin %> <%= command.id %> b.jsonl --locust b --earlier a.jsonl',
    '<%= config.bin %> <%= command.id %> a.jsonl --locust a --cpus 4 && ./next.sh',
  ]
  static override args = {
    run: Args.string({required: true, ignoreStdin: true, description: 'what ahsp-db loadtest watch recorded'}),
  }
  static override flags = {
    locust: Flags.string({
      description: 'what was given to locust --csv; again for each --earlier run',
      multiple: true,
      multipleNonGreedy: true,
      exclusive: ['k6'],
      helpValue: 'PREFIX',
    }),
    k6: Flags.string({
      description: 'summary (JSON) or output (CSV) of k6; again for each --earlier run',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'FILE',
    }),
    earlier: Flags.string({
      description: 'run of a lower step, to predict from; repeat for each',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'RUN',
    }),
    from: Flags.string({description: 'when the load began, for files without times', helpValue: 'TIME'}),
    to: Flags.string({description: 'when it ended', helpValue: 'TIME'}),
    users: {...contextFlags.users, description: 'users that were tested (default: by the files)'},
    phase: phaseFlag({description: 'limits of this phase (default: by the users)', helpValue: 'NAME'}),
    'next-users': {...contextFlags['current-users'], description: "users of the next run (default: the ladder's next)"},
    cpus: contextFlags.cpus,
    'cpu-peak': percentFlag({description: 'peak of the processors, in percent', helpValue: '%'}),
    'memory-peak': percentFlag({description: 'peak of the memory, in percent', helpValue: '%'}),
    'allow-conditional': Flags.boolean({description: 'exit 0 for CONDITIONAL, too'}),
    format: Flags.option({char: 'f', options: FORMATS, default: 'table', description: 'how to print'})(),
    ...outputFlags,
    ...globalFlags,
  }

  async run(): Promise<void> {
    const {args, flags} = await this.parse(Verdict)
    const verdict = await verdictOf(args.run, flags)
    const page = flags.output === undefined ? terminal() : {color: false, width: 80}
    const {renderVerdict} = await import('../../render/loadtest.js')
    await emit(await renderVerdict(verdict, flags.format, page), flags.output)
    process.exitCode = verdictExitCode(verdict, flags['allow-conditional'])
  }
}
