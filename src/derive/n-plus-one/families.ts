import type {Shape} from '../../sql/shape.js'
import type {Query} from '../queries.js'

/** Statements with the same text but for the numbers of parameters and the lengths of lists, summed. */
export type Family = {
  /** the text called most */
  text: string
  queryids: string[]
  shape: Shape
  calls: number
  rows: number
  totalMs: number
}

const LIST = /\(\s*\$\d+(?:::\w+)?(\s*,\s*\$\d+(?:::\w+)?)*\s*(\/\*, \.\.\. \*\/\s*)?\)/g

/** `oneIsList`: a list of one value is only a short list. Where the value is looked up it is something else. */
export function familyText(text: string, oneIsList: boolean): string {
  return text
    .replace(/\bIN\s*(\([^()]*\))/gi, (whole, list: string) => {
      const isList = oneIsList || /,/.test(list)
      return isList && new RegExp(`^${LIST.source}$`).test(list) ? 'IN (...)' : whole
    })
    .replace(/\$\d+/g, '$')
    .replace(/\s+/g, ' ')
    .trim()
}

export function familiesOf(queries: readonly {query: Query; shape: Shape}[], oneIsList: boolean): Family[] {
  const families = new Map<string, Family & {most: number}>()
  for (const {query, shape} of queries) {
    const key = familyText(query.text, oneIsList)
    const known = families.get(key)
    const {text, queryid, calls, rows, totalMs} = query
    if (!known) {
      families.set(key, {text, queryids: [queryid!], shape, calls, rows, totalMs, most: calls})
      continue
    }
    known.queryids.push(queryid!)
    known.calls += calls
    known.rows += rows
    known.totalMs += totalMs
    if (calls > known.most) Object.assign(known, {text, shape, most: calls})
  }
  return [...families.values()].map(({most: _, ...family}) => family)
}
