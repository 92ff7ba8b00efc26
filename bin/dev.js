#!/usr/bin/env node
// Runs the sources as they are, without a build.
import {register} from 'tsx/esm/api'

register()
const {main} = await import('../src/main.ts')
await main(process.argv.slice(2), {commands: './src/commands'})
