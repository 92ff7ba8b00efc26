import {arrayElements, quotedElement} from './array.js'
import type {Column} from './catalog.js'

/** Like a part of the text, but found in hardly any. */
export const unseen = (text: string) => [...text.slice(0, 8)].reverse().join('')

/** Of the documents, the share in which the value of a field that identifies them is another than in all the others. */
const IDENTIFYING = 0.9
const MIN_DOCUMENTS = 20

/** What is asked of arrays and documents is mostly rare: the element, or the field, that the fewest values have. */
export function containedOf({type, histogram, common}: Column): string | null {
  const values = [...histogram, ...common.map(({value}) => value)]
  if (type.endsWith('[]')) {
    const element = rarest(values.map(arrayElements))
    return element === null ? null : `{${quotedElement(element.value)}}`
  }
  const field = type === 'jsonb' ? rarest(values.map(fieldsOf)) : null
  if (field === null) return null
  const [name, value] = JSON.parse(field.value) as [string, unknown]
  // The sample knows but a few of the values that a field has once only: the one asked for is another.
  const other = typeof value === 'string' ? unseen(value) : typeof value === 'number' ? value + 0.5 : value
  return JSON.stringify({[name]: field.count > 1 ? value : other})
}

/** `["name", value]` of each field of a document. */
function fieldsOf(text: string): string[] {
  try {
    const document = JSON.parse(text) as unknown
    const isObject = typeof document === 'object' && document !== null && !Array.isArray(document)
    return isObject ? Object.entries(document).map(field => JSON.stringify(field)) : []
  } catch {
    // Cut short by the server, or no document.
    return []
  }
}

function rarest(lists: readonly string[][]): {value: string; count: number} | null {
  const counts = new Map<string, number>()
  for (const list of lists) for (const value of new Set(list)) counts.set(value, (counts.get(value) ?? 0) + 1)
  const sorted = [...counts].sort(([a, m], [b, n]) => m - n || (a < b ? -1 : 1))
  return sorted[0] ? {value: sorted[0][0], count: sorted[0][1]} : null
}

/**
 * The field by which documents are told apart: a text, different in nearly all of them, and the only one such. Where a
 * statement's text hides which field it compares, it is this one if any. null: none, or several.
 */
export function identifyingField({type, histogram, common}: Column): string | null {
  const documents = type === 'jsonb' ? [...histogram, ...common.map(({value}) => value)].map(fieldsOf) : []
  const counts = new Map<string, Set<string>>()
  for (const field of documents.flat()) {
    const [name, value] = JSON.parse(field) as [string, unknown]
    if (typeof value === 'string') counts.set(name, (counts.get(name) ?? new Set()).add(value))
  }
  const found = [...counts].filter(([, values]) => values.size >= IDENTIFYING * documents.length)
  return documents.length >= MIN_DOCUMENTS && found.length === 1 ? found[0]![0] : null
}
