import {access} from 'node:fs/promises'
import {Command} from '@oclif/core/command'
import * as Flags from '@oclif/core/flags'
import {acquireSnapshot} from '../cli/acquire.js'
import {connectionFlags, conninfoArg, globalFlags} from '../cli/flags.js'
import {writeAtomically} from '../cli/output.js'
import {verifyRole} from '../cli/verify-role.js'
import {configTemplate} from '../config/template.js'
import {CONFIG_FILE} from '../config.js'
import {EXIT, usageError} from '../errors.js'
import {roleSql} from '../role.js'
import {rules} from '../rules/index.js'
import {quoteIdent} from '../sql/quote.js'

export default class Init extends Command {
  static override summary = `Write a commented ${CONFIG_FILE} and print the SQL for a least-privilege role.`
  static override description =
    `Connects to nothing, except with --verify and --history. The SQL goes to standard output,
so that it can be piped.`
  static override examples = [
    {description: `Write ${CONFIG_FILE} here, keep the SQL`, command: '<%= config.bin %> init > role.sql'},
    {description: 'Look first', command: '<%= config.bin %> init --print'},
    {description: 'Can this role see all it needs?', command: '<%= config.bin %> init --verify service=prod'},
    {
      description: 'A database that remembers runs: look, then create',
      command: '<%= config.bin %> init --history postgres://me@db.example/monitoring --print',
    },
    {description: 'Own names', command: '<%= config.bin %> init --role watch --database shop'},
  ]
  static override args = conninfoArg
  static override flags = {
    verify: Flags.boolean({description: 'connect as CONNINFO and tell what its role can read'}),
    history: Flags.string({
      description: 'create the schema for check --save --history there; with --print only show it',
      exclusive: ['verify', 'force', 'output'],
      helpValue: 'CONNINFO',
    }),
    force: Flags.boolean({char: 'f', description: 'overwrite an existing file', exclusive: ['print']}),
    print: Flags.boolean({description: 'only print: the file, then the SQL'}),
    role: Flags.string({description: 'name of the role', default: 'ahsp_db', helpValue: 'NAME'}),
    database: Flags.string({description: 'database it may connect to', default: 'postgres', helpValue: 'NAME'}),
    output: Flags.string({char: 'o', description: 'the file to write', default: CONFIG_FILE, helpValue: 'FILE'}),
    debug: globalFlags.debug,
  }

  async run(): Promise<void> {
    const {args, flags} = await this.parse(Init)
    if (flags.verify) return verify(args.conninfo)
    if (flags.history !== undefined) return history(flags.history, flags.role, flags.print)
    const sql = roleSql(flags.role, flags.database)
    if (flags.print) {
      process.stdout.write(`${configTemplate(rules)}\n${sql}`)
      return
    }
    if (!flags.force && (await exists(flags.output))) {
      throw usageError(`${flags.output} exists already`, 'overwrite it with --force, or look with --print')
    }
    await writeAtomically(flags.output, configTemplate(rules))
    process.stderr.write(`${flags.output} written\n`)
    process.stdout.write(sql)
  }
}

/** The role that saves runs need not own them: its grants are printed, to be piped. */
async function history(conninfo: string, role: string, isDry: boolean): Promise<void> {
  const {HISTORY_DDL, historyGrants} = await import('../history/ddl.js')
  const grants = `-- for a role that only saves and reads runs\n${historyGrants(quoteIdent(role))}`
  if (isDry) {
    process.stdout.write(`${HISTORY_DDL}\n${grants}`)
    return
  }
  const {createHistory} = await import('../history/postgres.js')
  process.stderr.write(`history created in ${await createHistory(conninfo, process.env)}\n`)
  process.stdout.write(grants)
}

async function verify(conninfo: string | undefined): Promise<void> {
  const snapshot = await acquireSnapshot({conninfo, timeout: connectionFlags.timeout.default as string})
  const {text, complete} = verifyRole(snapshot)
  process.stdout.write(text)
  process.exitCode = complete ? EXIT.ok : EXIT.partial
}

const exists = (file: string) =>
  access(file).then(
    () => true,
    () => false,
  )
