// Writes oclif.manifest.json: with it @oclif/core knows the commands and their flags without loading any of them.
import {mkdirSync, renameSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {Plugin, settings} from '@oclif/core'

/** @param {string} root folder of package.json */
export async function writeManifest(root) {
  settings.enableAutoTranspile = false
  mkdirSync(join(root, 'dist', 'commands'), {recursive: true})
  const plugin = new Plugin({
    root,
    isRoot: true,
    ignoreManifest: true,
    errorOnManifestCreate: true,
    respectNoCacheDefault: true,
  })
  await plugin.load()
  const file = join(root, 'oclif.manifest.json')
  writeFileSync(`${file}.${process.pid}`, `${JSON.stringify(plugin.manifest, null, 2)}\n`)
  renameSync(`${file}.${process.pid}`, file)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await writeManifest(fileURLToPath(new URL('..', import.meta.url)))
}
