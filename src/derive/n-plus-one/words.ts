/** Words of a name, in lower case: `SubKlasifikasi`, `sub_klasifikasi` -> sub, klasifikasi. */
export const words = (name: string): string[] =>
  name
    .replace(/(?<=[a-z0-9])(?=[A-Z])/g, '_')
    .toLowerCase()
    .split('_')
    .filter(Boolean)

const IRREGULAR: Record<string, string> = {people: 'person', children: 'child', men: 'man', women: 'woman'}

/** A plural's possible singulars; the word itself is one of them. */
export function singulars(word: string): string[] {
  const all = [word, IRREGULAR[word]]
  if (word.endsWith('ies')) all.push(`${word.slice(0, -3)}y`)
  if (word.endsWith('es')) all.push(word.slice(0, -2))
  if (word.endsWith('s')) all.push(word.slice(0, -1))
  return all.filter(each => each !== undefined)
}

/** The likeliest singular, in the word's own case. */
export function singular(word: string): string {
  const irregular = IRREGULAR[word.toLowerCase()]
  if (irregular) return irregular
  if (/ies$/i.test(word)) return `${word.slice(0, -3)}y`
  if (/(?:s|x|z|ch|sh)es$/i.test(word)) return word.slice(0, -2)
  return /[^siu]s$/i.test(word) ? word.slice(0, -1) : word
}

export function plural(word: string): string {
  const irregular = Object.entries(IRREGULAR).find(([, one]) => one === word)
  if (irregular) return irregular[0]
  if (singular(word) !== word) return word
  if (/[^aeiou]y$/.test(word)) return `${word.slice(0, -1)}ies`
  return /(?:s|x|z|ch|sh)$/.test(word) ? `${word}es` : `${word}s`
}

/** book_tags -> BookTags */
export const pascal = (name: string): string =>
  words(name)
    .map(word => word[0]!.toUpperCase() + word.slice(1))
    .join('')

/** book_tags -> bookTags */
export const camel = (name: string): string => {
  const all = pascal(name)
  return all === '' ? '' : all[0]!.toLowerCase() + all.slice(1)
}

/** `author_id`, `authorId`, `AuthorUUID`: the name in front says whose key it is. */
const KEY_NAME = /^(.+?)(?:_(?:id|uuid|guid|pk)|(?<=[a-z0-9])(?:Id|ID|Uuid|UUID|Guid))$/

/** `author` of `author_id`; null: the name does not end like a key's. */
export const relationOf = (column: string): string | null => KEY_NAME.exec(column)?.[1] ?? null
