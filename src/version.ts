import packageJson from '../package.json' with {type: 'json'}

/** From package.json, the one place where it is stated. */
export const VERSION: string = packageJson.version
