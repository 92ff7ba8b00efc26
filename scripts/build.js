// Bundles src and the packages that every command needs into dist, because one file starts several times faster than
// four hundred, and writes the manifest of the commands. Types are checked by `npm run typecheck`.
import {existsSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {build} from 'esbuild'
import {writeManifest} from './manifest.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const dist = join(root, 'dist')
const NOTICES = 'THIRD-PARTY-LICENSES.txt'

const {metafile} = await build({
  absWorkingDir: root,
  entryPoints: ['src/main.ts', 'src/commands/**/*.ts', 'src/embedded/server.ts'],
  outdir: dist,
  outbase: 'src',
  bundle: true,
  splitting: true,
  // The parsers carry WebAssembly beside their code, the others are optional or found by oclif itself.
  external: ['libpg-query', 'pg-query-parser', 'pg-native', 'pg-cloudflare', 'typescript', 'ts-node', 'tsx'],
  platform: 'node',
  target: 'node20',
  format: 'esm',
  metafile: true,
  logLevel: 'warning',
  banner: {js: commonJsNames()},
})

writeFileSync(join(dist, NOTICES), notices(Object.keys(metafile.inputs)))
// Removed one by one, not dist as a whole: another run may be using it.
const written = new Set([...Object.keys(metafile.outputs).map(file => join(root, file)), join(dist, NOTICES)])
for (const entry of readdirSync(dist, {recursive: true, withFileTypes: true})) {
  const file = join(entry.parentPath ?? entry.path, entry.name)
  if (entry.isFile() && !written.has(file)) rmSync(file, {force: true})
}

await writeManifest(root)

/** What CommonJS packages expect to find around them, inside an ES module. */
function commonJsNames() {
  return [
    "import {createRequire as createRequire__} from 'node:module'",
    "import {fileURLToPath as fileURLToPath__} from 'node:url'",
    "import {dirname as dirname__} from 'node:path'",
    'const require = createRequire__(import.meta.url)',
    'const __filename = fileURLToPath__(import.meta.url)',
    'const __dirname = dirname__(__filename)',
  ].join(';')
}

/** The licence of every bundled package, as they ask for. */
function notices(inputs) {
  const folders = inputs.map(file => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1]).filter(Boolean)
  const texts = [...new Set(folders)].sort().map(folder => {
    const {name, version, license} = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'))
    const file = readdirSync(join(root, folder)).find(entry => /^licen[cs]e/i.test(entry))
    const text =
      file && existsSync(join(root, folder, file)) ? readFileSync(join(root, folder, file), 'utf8').trim() : ''
    return `${name} ${version} (${license})\n\n${text}`
  })
  return `${texts.join(`\n\n${'-'.repeat(80)}\n\n`)}\n`
}
