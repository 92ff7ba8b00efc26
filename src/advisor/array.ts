const ELEMENT = /"((?:[^"\\]|\\.)*)"|([^,{}"]+)/gsy

/** The elements of a one-dimensional array in PostgreSQL's text form, NULLs left out. */
export function arrayElements(text: string | undefined): string[] {
  if (!text) return []
  const found: string[] = []
  let at = text.indexOf('{') + 1
  while (at < text.length) {
    ELEMENT.lastIndex = at
    const match = ELEMENT.exec(text)
    if (!match) {
      // A comma, or the end; braces within are of arrays in the array, which no candidate needs.
      at += 1
      continue
    }
    at = ELEMENT.lastIndex
    if (match[1] !== undefined) found.push(match[1].replaceAll(/\\(.)/gs, '$1'))
    else if (match[2] !== 'NULL') found.push(match[2]!)
  }
  return found
}

/** An element as it stands in the text of an array. */
export const quotedElement = (value: string) => `"${value.replaceAll(/["\\]/g, '\\$&')}"`
