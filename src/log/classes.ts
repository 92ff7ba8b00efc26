/** Classes of bytes, and kinds of tokens: small whole numbers, for the loops over every byte of a log. */
export const [SPACE, WORD, DIGIT, QUOTE, NAME, DOLLAR, DASH, SLASH, OPEN, CLOSE, COMMA, SYMBOL, LITERAL] = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
] as const

export const CLASS = new Uint8Array(256).fill(SYMBOL)
/** Lower case, ASCII only, as PostgreSQL folds names. */
export const FOLD = new Uint8Array(256)
for (let byte = 0; byte < 256; byte += 1) {
  const char = String.fromCharCode(byte)
  FOLD[byte] = char >= 'A' && char <= 'Z' ? byte + 32 : byte
  if (/[A-Za-z_]/.test(char) || byte >= 128) CLASS[byte] = WORD
  else if (/\d/.test(char)) CLASS[byte] = DIGIT
  // A semicolon ends the text: with or without it, the statement is the same.
  else if (byte <= 32 || char === ';') CLASS[byte] = SPACE
}
const SPECIAL = {"'": QUOTE, '"': NAME, $: DOLLAR, '-': DASH, '/': SLASH, '(': OPEN, ')': CLOSE, ',': COMMA}
for (const [char, code] of Object.entries(SPECIAL)) CLASS[char.charCodeAt(0)] = code

export const SEED = 0x811c9dc5 | 0
export const PRIME = 0x01000193
