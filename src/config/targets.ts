import {type Document, isPair, isScalar, type Node} from 'yaml'
import type {Config, TargetConfig} from '../config.js'
import type {Parsed} from './parse.js'
import type {Problem, Source} from './problem.js'

type ParsedTarget = Omit<Parsed, 'connection' | 'history' | 'phases'> & {
  name: string
  connection: string
  tags?: string[]
}

/** Two of the same name would share a file and a row. */
export function duplicateNames(targets: {name: string}[], document: Document): Problem[] {
  return targets.flatMap(({name}, at) => {
    const first = targets.findIndex(other => other.name.toLowerCase() === name.toLowerCase())
    if (first === at) return []
    const [start, end] = (document.getIn(['targets', at, 'name'], true) as Node).range!
    return [{start, end, message: `targets[${at}].name: ${name} is there already`, hint: 'names must differ'}]
  })
}

/** The targets as written, each with its place in the file and with what it says of its own. */
export function targetsOf(
  targets: ParsedTarget[],
  document: Document,
  {file, lines}: Source,
  settingsOf: (parsed: Parsed) => Partial<Config>,
): TargetConfig[] {
  return targets.map(({name, connection, tags = [], ...own}, at) => {
    const [start] = (document.getIn(['targets', at, 'connection'], true) as Node).range!
    const {line, col} = lines.linePos(start)
    return {name, connection, place: `${file}:${line}:${col}`, tags, overrides: settingsOf(own)}
  })
}

/** Ancestors of a key of a target: the document, its mapping, `targets`, the list, the target. */
export const isOfTarget = (path: readonly unknown[]): boolean =>
  path.length === 5 && isPair(path[2]) && isScalar(path[2].key) && path[2].key.value === 'targets'
