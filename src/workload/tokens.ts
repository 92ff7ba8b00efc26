/** A piece of SQL text; `name`: the identifier that it is, as PostgreSQL folds it; null: it is none. */
export type Token = {text: string; name: string | null; isQuoted: boolean; spaced: boolean}

const TOKEN =
  /(\s+)|(\/\*, \.\.\. \*\/)|(\/\*[\s\S]*?(?:\*\/|$)|--[^\n]*)|('(?:[^']|'')*(?:'|$))|("(?:[^"]|"")*(?:"|$))|(\$\d+)|([\p{L}_][\p{L}\p{N}_$]*)|(\d[\w.]*)|([\s\S])/gu

const PLAIN = /^"([a-z_][a-z0-9_]*)"$/

/** Comments are left out; quotes that a name does not need are taken off: this is for reading, not for running. */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = []
  let spaced = false
  for (const match of text.matchAll(TOKEN)) {
    const [whole, space, squashed, comment, , quoted, , word] = match
    if (space !== undefined || comment !== undefined) {
      spaced = true
      continue
    }
    const plain = quoted === undefined ? undefined : PLAIN.exec(quoted)?.[1]
    const shown = squashed === undefined ? (plain ?? whole) : ', ...'
    tokens.push({
      text: shown,
      name: quoted?.slice(1, -1).replaceAll('""', '"') ?? word?.toLowerCase() ?? null,
      isQuoted: quoted !== undefined,
      spaced: squashed === undefined && spaced,
    })
    spaced = false
  }
  return tokens
}

export const joined = (tokens: readonly Token[]): string =>
  tokens
    .map(({text, spaced}, at) => (spaced && at > 0 ? ` ${text}` : text))
    .join('')
    .trim()

const isPlain = ({name, isQuoted}: Token) => name !== null && !isQuoted

/** A keyword: an unquoted word of this name. */
export const isWord = (token: Token | undefined, ...words: string[]): boolean =>
  token !== undefined && isPlain(token) && words.includes(token.text.toUpperCase())

/** How many parentheses are open before each token. */
export function depths(tokens: readonly Token[]): number[] {
  let depth = 0
  return tokens.map(({text}) => {
    if (text === ')') depth -= 1
    const own = depth
    if (text === '(') depth += 1
    return own
  })
}

export const word = (text: string): Token => ({text, name: null, isQuoted: false, spaced: true})
