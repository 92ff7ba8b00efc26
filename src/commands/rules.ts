import {Command} from '@oclif/core/command'
import * as Flags from '@oclif/core/flags'
import {globalFlags} from '../cli/flags.js'
import {rulesJson, rulesText} from '../render/rules.js'
import {rules} from '../rules/index.js'

export default class Rules extends Command {
  static override summary = 'List the rules: what is looked for, and how severe it can be.'
  static override examples = [
    {description: 'All rules, by category', command: '<%= config.bin %> <%= command.id %>'},
    {description: 'For a script', command: '<%= config.bin %> <%= command.id %> --format json'},
  ]
  static override flags = {
    format: Flags.option({
      options: ['table', 'json'] as const,
      default: 'table' as const,
      summary: 'how to print it',
    })(),
    debug: globalFlags.debug,
  }

  async run(): Promise<void> {
    const {flags} = await this.parse(Rules)
    process.stdout.write(flags.format === 'json' ? rulesJson(rules) : rulesText(rules))
  }
}
