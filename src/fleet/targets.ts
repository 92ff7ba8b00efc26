import {expandVariables} from '../config/environment.js'
import type {Config, TargetConfig} from '../config.js'
import {CliError, EXIT, usageError} from '../errors.js'
import {didYouMean} from '../suggest.js'

/**
 * The configuration of one target: what it says of its own wins, key by key; `ignore` and `skip` add to the file's.
 * Throws CliError CONFIG (exit 2) when a variable of its connection or consoles is not set.
 */
export function withTarget(file: Config, target: TargetConfig, env: NodeJS.ProcessEnv): Config {
  const {overrides: own} = target
  const expand = (text: string, key: string) => {
    const {value, problem} = expandVariables(text, env, key)
    if (problem) throw new CliError('CONFIG', EXIT.usage, `${target.place}: ${problem.message}`, exportIt(problem))
    return value
  }
  return {
    ...file,
    ...own,
    connection: expand(target.connection, 'connection'),
    pgbouncer: own.pgbouncer?.map(text => expand(text, 'pgbouncer.consoles')) ?? file.pgbouncer,
    skip: [...file.skip, ...(own.skip ?? [])],
    ignore: [...file.ignore, ...(own.ignore ?? [])],
    severities: {...file.severities, ...own.severities},
    rules: merged(file.rules, own.rules ?? {}),
  }
}

/** A target has no place on the command line to give its connection instead. */
const exportIt = ({message, hint}: {message: string; hint: string}) =>
  message.endsWith('is not set') ? hint.split(',')[0]! : hint

function merged(file: Config['rules'], own: Config['rules']): Config['rules'] {
  const names = [...new Set([...Object.keys(file), ...Object.keys(own)])]
  return Object.fromEntries(names.map(name => [name, {...file[name], ...own[name]}]))
}

/** The targets that have all of the tags. Throws (exit 2) when there are none. */
export function selectTargets({file, targets = []}: Config, tags: readonly string[]): TargetConfig[] {
  if (targets.length === 0) {
    throw usageError(
      `there are no targets in ${file ?? 'ahsp-db.yaml'}`,
      "add 'targets: [{name: shop, connection: ...}]', or give a connection without --all",
    )
  }
  const known = [...new Set(targets.flatMap(target => target.tags))].sort()
  for (const tag of tags.filter(each => !known.includes(each))) {
    const guess = didYouMean(tag, known)
    const hint = guess
      ? `did you mean ${guess}?`
      : known.length > 0
        ? `there are: ${known.join(', ')}`
        : 'none has tags'
    throw usageError(`no target has the tag ${JSON.stringify(tag)}`, hint)
  }
  const selected = targets.filter(target => tags.every(tag => target.tags.includes(tag)))
  if (selected.length === 0) throw usageError(`no target has all of the tags ${tags.join(', ')}`, 'give fewer of them')
  return selected
}
