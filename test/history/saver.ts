import {randomBytes} from 'node:crypto'
import {folderHistory} from '../../src/history/folder.js'
import {entry} from './entries.js'

/** Saves runs without end, tells the id of each that is saved, and waits to be killed. */
const [root, start] = process.argv.slice(2)
const history = folderHistory(root!)
for (let at = Number(start); ; at++) {
  // Random bytes do not compress: writing takes long enough to be hit.
  const {id} = await history.save(entry(at, undefined, randomBytes(400_000).toString('base64')))
  process.stdout.write(`${id}\n`)
}
