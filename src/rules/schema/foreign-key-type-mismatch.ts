import {largestOf} from '../../derive/key-exhaustion.js'
import {defineRule, type FindingDraft, SEVERITIES} from '../../rule.js'
import type {ForeignKey, Section, Sequence, Table} from '../../snapshot.js'
import {qualified, quoteIdent} from '../../sql/quote.js'
import {bytes, number} from '../../units.js'

export default defineRule({
  id: 'schema/foreign-key-type-mismatch',
  title: 'Foreign key whose column has another type than the key it refers to',
  category: 'schema',
  needs: ['foreignKeys'],
  uses: ['sequences', 'tables'],
  options: {
    warnAt: {default: 50, unit: 'percent', help: 'medium when the key has come this far towards what the column holds'},
    highAt: {default: 75, unit: 'percent', help: 'high from this share on: to change the type takes preparation'},
  },
  severity: {
    high: 'the key that it refers to has used highAt of what the narrower column can hold: then inserts fail',
    medium: 'it has used warnAt of that',
    low: 'the column is narrower and there is room yet, or the types differ and each comparison converts',
  },
  why:
    'A column that is narrower than the key it refers to holds only its first values: rows that refer to later ones ' +
    'cannot be inserted. Different types also make each join and each check convert.',
  references: ['https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-FK'],
  peers: ['IH', 'PC'],
  check({foreignKeys, sequences, tables}, options) {
    const findings = foreignKeys
      .filter(({parentOid}) => parentOid === null)
      .flatMap(key => key.columnNames.flatMap((_, at) => draft(key, at, sequences, tables, options) ?? []))
      .sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity))
    return {
      summary: `${foreignKeys.length} foreign keys were looked at, ${findings.length || 'none'} with types that do not fit`,
      findings: findings,
    }
  },
})

const INTEGERS = ['smallint', 'integer', 'bigint']
/** They compare without any conversion. */
const TEXTS = ['text', 'character varying']

type Fit = 'fits' | 'narrower' | 'other'

function fitOf(type: string, referenced: string): Fit {
  if (type === referenced || [type, referenced].every(each => TEXTS.includes(each))) return 'fits'
  if (![type, referenced].every(each => INTEGERS.includes(each))) return 'other'
  return INTEGERS.indexOf(type) < INTEGERS.indexOf(referenced) ? 'narrower' : 'fits'
}

function draft(
  key: ForeignKey,
  at: number,
  sequences: Section<Sequence[]>,
  tables: Section<Table[]>,
  limits: {warnAt: number; highAt: number},
): FindingDraft | null {
  const [column, type] = [key.columnNames[at]!, key.columnTypes[at]!]
  const [referencedColumn, referencedType] = [key.referencedColumnNames[at]!, key.referencedColumnTypes[at]!]
  const fit = fitOf(type, referencedType)
  if (fit === 'fits') return null
  const name = qualified(key.schema, key.table)
  const referenced = `${qualified(key.referencedSchema, key.referencedTable)} (${quoteIdent(referencedColumn)})`
  const last = fit === 'narrower' ? lastValue(key, referencedColumn, sequences) : null
  const percent = last === null ? 0 : (last / largestOf(type)) * 100
  const size = tables.ok ? tables.data.find(({oid}) => oid === key.tableOid)?.bytes : undefined
  const meaning =
    fit === 'narrower'
      ? `Rows that refer to a key above ${number(largestOf(type))} cannot be inserted.`
      : 'Each join and each check of the key converts one of them, and an index may not serve.'
  return {
    severity: percent >= limits.highAt ? 'high' : percent >= limits.warnAt ? 'medium' : 'low',
    subject: `${name} (${quoteIdent(column)})`,
    title: `${name} (${quoteIdent(column)}) is ${type}, the key it refers to is ${referencedType}`,
    detail: `It refers to ${referenced}. ${meaning}`,
    evidence: [
      {label: 'constraint', value: key.name, source: 'pg_constraint'},
      {label: 'type of the column', value: type, source: 'pg_attribute'},
      {label: 'type of the key', value: referencedType, source: 'pg_attribute'},
      ...(last === null ? [] : [{label: 'last value of the key', value: last, source: 'the sequence that feeds it'}]),
    ],
    confidence: 'measured',
    fixes: [
      {
        kind: 'sql',
        title: `Make it ${referencedType}`,
        statements: [
          `ALTER TABLE ${name} ALTER COLUMN ${quoteIdent(column)} TYPE ${referencedType}` +
            (fit === 'other' ? ` USING ${quoteIdent(column)}::${referencedType}` : ''),
        ],
        undo: [`ALTER TABLE ${name} ALTER COLUMN ${quoteIdent(column)} TYPE ${type}`],
        lock: `ACCESS EXCLUSIVE while the table and its indexes${size === undefined ? '' : ` (${bytes(size)})`} are written anew: everything waits.`,
        note: 'Views on the column must be dropped before and created again. Change the type in the application as well.',
      },
    ],
  }
}

function lastValue(key: ForeignKey, column: string, sequences: Section<Sequence[]>): number | null {
  if (!sequences.ok) return null
  const feeds = ({columns}: Sequence) =>
    columns.some(each => each.tableOid === key.referencedOid && each.column === column)
  return sequences.data.find(feeds)?.lastValue ?? null
}
