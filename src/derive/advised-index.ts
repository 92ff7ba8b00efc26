import type {AppLines, FixRequest} from '../rule.js'
import type {AdvisedIndex, IndexAdvice, Section} from '../snapshot.js'
import {qualified} from '../sql/quote.js'
import {bytes} from '../units.js'

/** The table with the index's keys, and what makes it partial: two indexes of a table are two subjects. */
export function advisedSubject({definition: {schema, table, keys, where}}: AdvisedIndex): string {
  const list = keys.map(({sql, opclass, order}) => [sql, opclass, order].filter(Boolean).join(' ')).join(', ')
  return `${qualified(schema, table)} (${list})${where === null ? '' : ` WHERE ${where}`}`
}

/** CREATE INDEX, the application's own lines for it, and what may go afterwards. */
export function advisedFixes(index: AdvisedIndex): FixRequest[] {
  const {create, undo, verify, lock, replaces, code, definition, bytes: size} = index
  const on = qualified(definition.schema, definition.table)
  // The statistics of an expression come with the next ANALYZE.
  const isAnalyzed = create.some(line => line.startsWith('ANALYZE'))
  const isPlain = isAnalyzed || definition.keys.every(({sql}) => sql.startsWith('"'))
  const fixes: FixRequest[] = [
    {
      kind: 'sql',
      title: `Create the index on ${on}, about ${bytes(size)}`,
      statements: [...create, ...(isPlain ? [] : [`ANALYZE ${on}`])],
      undo,
      verify,
      lock,
      ...(code ? {note: 'Where the application makes its own migrations, put it there instead.'} : {}),
    },
  ]
  if (code) {
    const lines: AppLines = {where: code.where, lines: code.lines}
    fixes.push({
      kind: 'app',
      title: `Or let the application create it on ${on}`,
      by: {plain: lines, [code.framework]: lines},
    })
  }
  for (const {name, bytes: freed, drop, undo: back} of replaces) {
    fixes.push({
      kind: 'sql',
      title: `Then drop ${name}, which the new index replaces: ${bytes(freed)}`,
      statements: [drop],
      undo: back === null ? [] : [back],
      lock: 'SHARE UPDATE EXCLUSIVE on the table: reads and writes go on',
      note: 'Only after the new index is valid.',
    })
  }
  return fixes
}

/** The index that was advised for a table, and that begins with these columns where they are given. */
export function advisedFor(
  advice: Section<IndexAdvice>,
  table: {schema: string; name: string},
  columns: readonly string[] = [],
): AdvisedIndex | undefined {
  if (!advice.ok) return undefined
  return advice.data.recommended.find(
    ({definition: {schema, table: name, keys}}) =>
      schema === table.schema && name === table.name && columns.every((column, at) => keys[at]?.sql === `"${column}"`),
  )
}
