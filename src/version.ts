import {readFileSync} from 'node:fs'

/** From package.json, the one place where it is stated. */
export const VERSION: string = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version
