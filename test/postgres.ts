import {existsSync} from 'node:fs'
import {fileURLToPath} from 'node:url'
import {debianBinDir, embeddedAvailable} from '../src/embedded/server.js'

/** 18 comes with npm ci, 15 with Debian, the others with scripts/fetch-postgres.js; null: not here. */
export function binDirOf(major: number): string | null {
  const embedded = embeddedAvailable()
  if (major === 18) return embedded.ok ? embedded.binDir : null
  const fetched = fileURLToPath(new URL(`../node_modules/.cache/postgres/${major}/native/bin`, import.meta.url))
  return debianBinDir(major) ?? (existsSync(fetched) ? fetched : null)
}
