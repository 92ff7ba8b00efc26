/** Tokens of SQL; what is no token of a kind of its own is one character. */
const TOKEN =
  /\s+|--[^\n]*|\/\*[\s\S]*?\*\/|"(?:[^"]|"")*"|[eE]'(?:[^'\\]|''|\\[\s\S])*'|'(?:[^']|'')*'|\$([A-Za-z_]\w*)?\$[\s\S]*?\$\1\$|\$\d+|[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|[\s\S]/g

const isBlank = (token: string) => /^\s|^--|^\/\*/.test(token)
const isLiteral = (token: string) => /^[eE]?'|^\d|^\$\w*\$/.test(token)
const isParameter = (token: string) => /^\$\d+$/.test(token)

/** `$1 = '42', $2 = NULL` -> SQL literals by number; null: a value was cut short, or the list is none. */
export function parametersIn(detail: string): Map<number, string> | null {
  const found = new Map<number, string>()
  const list = /\s*\$(\d+) = (NULL|'(?:[^']|'')*')(?:, |\s*$)/y
  while (list.lastIndex < detail.length) {
    const match = list.exec(detail)
    // log_parameter_max_length cuts values, and says so by three dots.
    if (!match || match[2]!.endsWith("...'")) return null
    found.set(Number(match[1]), match[2]!)
  }
  return found
}

/** The statement with its values in place of `$n`; null: it has one that is not known. */
export function withValues(sql: string, values: ReadonlyMap<number, string> | null): string | null {
  let isComplete = true
  const text = tokensOf(sql).map(token => {
    if (!isParameter(token)) return token
    const value = values?.get(Number(token.slice(1)))
    if (value === undefined) isComplete = false
    return value ?? token
  })
  return isComplete ? text.join('') : null
}

/**
 * One text for several executions of a statement: a constant that was the same in all of them stays, one that differed
 * becomes a parameter. Executions that differ in more than values (the length of a list) leave the first as it is.
 */
export function commonText(texts: readonly string[]): string {
  const [first, ...others] = texts.map(tokensOf)
  const rest = others.map(tokens => tokens.filter(token => !isBlank(token)))
  let next = Math.max(0, ...first!.filter(isParameter).map(token => Number(token.slice(1))))
  let at = 0
  let isAlike = true
  const common = first!.map(token => {
    if (isBlank(token)) return token
    const same = rest.map(tokens => tokens[at])
    at += 1
    if (same.every(other => other === token)) return token
    const varies = isLiteral(token) && same.every(other => other !== undefined && isLiteral(other))
    isAlike &&= varies || same.every(other => other?.toLowerCase() === token.toLowerCase())
    if (!varies) return token
    next += 1
    return `$${next}`
  })
  return isAlike && rest.every(tokens => tokens.length === at) ? common.join('') : texts[0]!
}

const tokensOf = (sql: string): string[] => sql.match(TOKEN) ?? []
