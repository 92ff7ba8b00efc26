/** Run as a process of its own: opens a shadow of a database, plans on it, and stays until it is ended. */

import {openShadow} from '../../src/whatif/shadow/planner.js'
import {readSchema} from '../../src/whatif/shadow/read.js'
import {openConnection} from './connection.js'

const connection = await openConnection(process.argv[2]!)
const shadow = await openShadow(await readSchema(connection))
await connection.close()
console.log((await shadow.explain({sql: 'SELECT FROM animal'})).cost)
setInterval(() => {}, 60_000)
