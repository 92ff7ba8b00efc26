// Compiles src to dist, removes what no source stands for any more, and writes the manifest of the commands.
import {spawnSync} from 'node:child_process'
import {existsSync, readdirSync, rmSync} from 'node:fs'
import {createRequire} from 'node:module'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {writeManifest} from './manifest.js'

const root = fileURLToPath(new URL('..', import.meta.url))

const compiler = createRequire(import.meta.url)
  .resolve('typescript/package.json')
  .replace('package.json', 'bin/tsc')
const {status} = spawnSync(process.execPath, [compiler, '-p', 'tsconfig.build.json'], {cwd: root, stdio: 'inherit'})
if (status !== 0) process.exit(status ?? 1)

// Removed one by one, not dist as a whole: another run may be using it.
const dist = join(root, 'dist')
for (const entry of readdirSync(dist, {recursive: true, withFileTypes: true})) {
  if (!entry.isFile()) continue
  const file = join(entry.parentPath ?? entry.path, entry.name)
  const source = join(root, 'src', file.slice(dist.length + 1).replace(/\.js$/, ''))
  if (!existsSync(`${source}.ts`) && !existsSync(source)) rmSync(file)
}

await writeManifest(root)
