import type {z} from 'zod'
import {wrap} from '../render/explain.js'
import type {Rule} from '../rule.js'
import {elementOf, shapeOf} from './issues.js'
import {configSchema, type KeyHelp} from './schema.js'

const HEADER = `# Configuration of ahsp-db: every key is optional, everything is commented out.
# Remove the leading "#" of a line to use it. Unknown keys are refused.
`

type Entry = {comment: string; key: string; value: string}

/** The commented ahsp-db.yaml, from the descriptions and examples of the schema that reads it. */
export function configTemplate(rules: readonly Rule[]): string {
  const shape = shapeOf(configSchema(rules))!
  return [HEADER, ...Object.entries(shape).map(([key, schema]) => `${section(key, schema).join('\n')}\n`)].join('\n')
}

function section(key: string, schema: z.ZodType): string[] {
  const {description, example} = schema.meta() as Partial<KeyHelp>
  if (example !== undefined) return [comment(description!), `#${key}: ${example}`]
  const element = elementOf(schema)
  const entries = Object.entries(shapeOf(element ?? schema) ?? {}).map(entry)
  const width = Math.max(...entries.map(({key, value}) => key.length + value.length)) + 2
  const lines = entries.map(({comment, key, value}, i) => {
    const marker = element ? (i === 0 ? '  - ' : '    ') : '  '
    return `#${marker}${`${key}: ${value}`.padEnd(width)}  # ${comment}`
  })
  return [comment(description!), `#${key}:`, ...lines]
}

function entry([key, schema]: [string, z.ZodType]): Entry {
  const {description, example} = schema.meta() as KeyHelp
  return {comment: description, key, value: example}
}

const comment = (text: string) => wrap(text.charAt(0).toUpperCase() + text.slice(1), 2).replaceAll(/^ {2}/gm, '# ')
