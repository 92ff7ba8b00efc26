import * as Args from '@oclif/core/args'
import {Command} from '@oclif/core/command'
import {globalFlags} from '../cli/flags.js'
import {usageError} from '../errors.js'
import {queriesOf} from '../explain.js'
import {explainText} from '../render/explain.js'
import {rules} from '../rules/index.js'
import {suggest} from '../suggest.js'

export default class Explain extends Command {
  static override summary = 'Explain one rule: why, when it fires, its options and the SQL it reads.'
  static override description = 'Needs no server. The rules are listed by: ahsp-db rules'
  static override examples = [
    {description: 'One rule', command: '<%= config.bin %> <%= command.id %> observability/io-timing'},
  ]
  static override args = {
    // A missing argument must be an error, not a read from a pipe.
    rule: Args.string({required: true, ignoreStdin: true, description: 'id of the rule, as category/name'}),
  }

  static override flags = {debug: globalFlags.debug}

  async run(): Promise<void> {
    const {args} = await this.parse(Explain)
    const rule = rules.find(({id}) => id === args.rule)
    if (!rule) {
      const ids = rules.map(({id}) => id)
      throw usageError(`unknown rule ${args.rule}`, suggest(args.rule, ids, 'see ahsp-db rules'))
    }
    process.stdout.write(explainText(rule, queriesOf(rule)))
  }
}
