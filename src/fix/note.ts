/** Notes of rule and platform as one paragraph of sentences; undefined when there are none. */
export function joinNotes(notes: (string | undefined)[]): string | undefined {
  const sentences = notes.filter((note): note is string => Boolean(note?.trim())).map(sentence)
  return sentences.length ? sentences.join(' ') : undefined
}

function sentence(text: string): string {
  const trimmed = text.trim()
  // A name or command at the beginning (work_mem, pg_ctl) keeps its case.
  const first = /^[a-z]+[ ,]/.test(trimmed) ? trimmed[0]!.toUpperCase() + trimmed.slice(1) : trimmed
  return /[.!?:;]$/.test(first) ? first : `${first}.`
}
