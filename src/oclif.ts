/** What only error messages and development need of oclif; its package has CommonJS exports, which `import()` hides. */
export {Plugin} from '@oclif/core'
export {Config} from '@oclif/core/config'
