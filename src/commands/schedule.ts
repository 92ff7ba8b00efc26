import {mkdir} from 'node:fs/promises'
import {basename, join} from 'node:path'
import {Command} from '@oclif/core/command'
import * as Flags from '@oclif/core/flags'
import {conninfoArg, globalFlags} from '../cli/flags.js'
import {emit, writeAtomically} from '../cli/output.js'
import {SCHEDULERS, unitsFor, unitsText} from '../schedule/index.js'
import {DEFAULT_COMMAND, planOf} from '../schedule/request.js'

export default class Schedule extends Command {
  static override summary = 'Print what makes a scheduler run it: systemd, cron, Kubernetes, GitHub or GitLab.'
  static override description =
    'Connects to nothing and installs nothing. The unit runs with few rights, reads its password from a file or a ' +
    'secret, keeps the history, and tells of a run that ends with another exit code than 0 and 75 (another run is ' +
    'there still). CONNINFO, without a password, goes into the command; else --config names the target.'
  static override examples = [
    '<%= config.bin %> schedule --print systemd "host=db.example dbname=app user=ahsp_db"',
    '<%= config.bin %> schedule --print systemd --every 15min -o units',
    '<%= config.bin %> schedule --print cron --every "daily 06:00" --mail dba@example.org',
    '<%= config.bin %> schedule --print k8s --command "check --all --save" > cronjob.yaml',
  ]
  static override args = {
    conninfo: {
      ...conninfoArg.conninfo,
      description: 'what to check, without a password; else the configuration says it',
    },
  }
  static override flags = {
    print: Flags.option({options: SCHEDULERS, required: true, char: 'p', description: 'for which scheduler'})(),
    every: Flags.string({description: '15min, 6h or "daily 06:00"', default: '15min', helpValue: 'TIME'}),
    command: Flags.string({description: 'what runs', default: DEFAULT_COMMAND, helpValue: 'WORDS'}),
    config: Flags.string({char: 'c', description: 'where its configuration will be', helpValue: 'FILE'}),
    user: Flags.string({description: 'account it runs as (systemd, cron)', helpValue: 'NAME'}),
    mail: Flags.string({description: 'who hears of trouble (systemd, cron)', default: 'root', helpValue: 'ADDRESS'}),
    'webhook-file': Flags.string({
      description: 'file with a URL that hears of trouble (systemd, cron)',
      helpValue: 'FILE',
    }),
    image: Flags.string({description: 'image that has ahsp-db (k8s, gitlab)', helpValue: 'NAME'}),
    program: Flags.string({description: 'how ahsp-db starts there (systemd, cron)', helpValue: 'WORDS'}),
    output: Flags.string({char: 'o', description: 'write the files into this folder', helpValue: 'FOLDER'}),
    debug: globalFlags.debug,
  }

  async run(): Promise<void> {
    const {args, flags} = await this.parse(Schedule)
    const files = await unitsFor(flags.print, planOf(flags.print, flags, args.conninfo))
    if (flags.output === undefined) return emit(unitsText(files), undefined)
    await mkdir(flags.output, {recursive: true})
    for (const {path, text} of files) {
      const file = join(flags.output, basename(path))
      await writeAtomically(file, text)
      process.stdout.write(`${file}\n`)
    }
  }
}
