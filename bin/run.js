#!/usr/bin/env node
// Nothing is imported before the version of Node is known: an old one must get a sentence, not a syntax error.
const arguments_ = process.argv.slice(2)
const [only, ...rest] = arguments_

if (Number.parseInt(process.versions.node, 10) < 20) {
  process.stderr.write(
    `error[NODE]: ahsp-db needs Node 20 or newer, this is ${process.version} - install a newer Node\n`,
  )
  process.exitCode = 2
} else if ((only === '--version' || only === '-v') && rest.length === 0) {
  import('node:fs').then(({readFileSync}) => {
    const {name, version} = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
    process.stdout.write(`${name}/${version} ${process.platform}-${process.arch} node-${process.version}\n`)
  })
} else {
  import('../dist/main.js').then(
    ({main}) => main(arguments_),
    error => {
      process.stderr.write(`error[INTERNAL]: ${error.message.split('\n')[0]} - run npm run build, or install again\n`)
      process.exitCode = 5
    },
  )
}
