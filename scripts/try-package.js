// What a user installs: `npm pack`, then an install into an empty folder with --omit=dev --ignore-scripts, then the
// command itself against a real server.
import {execFileSync, spawnSync} from 'node:child_process'
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {fileURLToPath, pathToFileURL} from 'node:url'

const MAX_DIRECT = 12
const MAX_TRANSITIVE = 60

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'ahsp-db-package-'))
const npm = (args, cwd) => execFileSync('npm', args, {cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit']})

function run(args, expected, contains) {
  const command = join(folder, 'node_modules', '.bin', 'ahsp-db')
  const {status, stdout, stderr} = spawnSync(command, args, {cwd: folder, encoding: 'utf8'})
  const problem = !expected.includes(status)
    ? `exit code ${status}`
    : !stdout.includes(contains)
      ? `no "${contains}"`
      : null
  if (problem) throw new Error(`ahsp-db ${args.join(' ')}: ${problem}\n${stdout}\n${stderr}`)
  console.log(`ok  ahsp-db ${args.map(arg => (arg.includes('://') ? '<url>' : arg)).join(' ')}`)
}

function countPackages() {
  const {dependencies, optionalDependencies} = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const direct = Object.keys({...dependencies, ...optionalDependencies}).length
  const all = new Set(npm(['ls', '--all', '--parseable'], folder).trim().split('\n'))
  const transitive = all.size - 2 - direct // without the folder itself and ahsp-db
  console.log(`ok  ${direct} direct and ${transitive} transitive production packages`)
  if (direct > MAX_DIRECT || transitive > MAX_TRANSITIVE) throw new Error('too many production packages')
}

try {
  const tarball = npm(['pack', '--silent', '--pack-destination', folder], root).trim().split('\n').at(-1)
  writeFileSync(join(folder, 'package.json'), '{"private": true}')
  npm(
    ['install', '--omit=dev', '--ignore-scripts', '--no-fund', '--no-audit', '--silent', join(folder, tarball)],
    folder,
  )
  countPackages()
  const {version} = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  run(['--version'], [0], version)
  run(['--help'], [0], 'check')
  run(['rules'], [0], 'connections/exhaustion')
  const installed = join(folder, 'node_modules', 'ahsp-db', 'dist', 'embedded', 'server.js')
  const {startServer} = await import(pathToFileURL(installed).href)
  const server = await startServer()
  try {
    run(['check', server.url(), '--users', '10', '--format', 'json'], [0, 1], 'max_connections = 100 is sufficient')
  } finally {
    await server.stop()
  }
} finally {
  rmSync(folder, {recursive: true, force: true})
}
