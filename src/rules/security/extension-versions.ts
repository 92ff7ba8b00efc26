import {defineRule, type FindingDraft} from '../../rule.js'
import type {Extension} from '../../snapshot.js'
import {quoteIdent, quoteLiteral} from '../../sql/quote.js'
import {number} from '../../units.js'

export default defineRule({
  id: 'security/extension-versions',
  title: 'Extension whose newer version is installed but not in use',
  category: 'security',
  needs: ['extensions'],
  options: {
    skipped: {default: [], unit: 'names', help: 'extensions that stay at their version on purpose'},
  },
  severity: {low: 'the files of the newer version are there; the objects in this database are still of the older one'},
  why:
    'Updating a package or pg_upgrade replaces the files of an extension, not its objects in the databases: corrections ' +
    'and new columns arrive with ALTER EXTENSION UPDATE only, in each database.',
  references: ['https://www.postgresql.org/docs/current/sql-alterextension.html'],
  peers: ['SP', 'PD', 'CA', 'PC'],
  check({extensions}, {skipped}) {
    const behind = extensions.filter(
      ({name, version, availableVersion}) =>
        availableVersion !== null && !skipped.includes(name) && isOlder(version, availableVersion),
    )
    return {
      summary: `${behind.length || 'none'} of ${number(extensions.length)} extensions in this database behind the installed version`,
      findings: behind.map(draft),
    }
  },
})

/** By numbers where there are any; what cannot be compared ("unpackaged", "dev") is not older. */
function isOlder(version: string, than: string): boolean {
  const parts = (text: string) => (/^\d+(\.\d+)*$/.test(text) ? text.split('.').map(Number) : null)
  const [a, b] = [parts(version), parts(than)]
  if (!a || !b) return false
  const at = Array.from({length: Math.max(a.length, b.length)}, (_, i) => (a[i] ?? 0) - (b[i] ?? 0))
  return (at.find(difference => difference !== 0) ?? 0) < 0
}

/** Extensions whose own way differs. */
const NOTES: Record<string, string> = {
  postgis: 'PostGIS has several extensions that belong together: SELECT postgis_extensions_upgrade() updates them all.',
  timescaledb: 'TimescaleDB: in a new session (psql -X), as its very first statement.',
}

function draft({name, version, availableVersion}: Extension): FindingDraft {
  const quoted = quoteIdent(name)
  return {
    severity: 'low',
    subject: `extension ${quoted}`,
    title: `Extension ${quoted} is at ${version}, ${availableVersion} is installed`,
    detail: 'Only this database was looked at; the others have versions of their own.',
    evidence: [
      {label: 'version in this database', value: version, source: 'pg_extension'},
      {label: 'installed version', value: availableVersion ?? '', source: 'pg_available_extensions'},
    ],
    confidence: 'measured',
    fixes: [
      {
        kind: 'sql',
        title: `Update ${quoted}`,
        statements: [`ALTER EXTENSION ${quoted} UPDATE TO ${quoteLiteral(availableVersion ?? '')}`],
        undo: [],
        lock: "the extension's own objects, for a moment",
        note: `There is no way back but DROP EXTENSION: try it on a copy. ${NOTES[name] ?? ''}`,
      },
    ],
  }
}
