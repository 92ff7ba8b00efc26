import {withLock} from '../../src/cli/lock.js'

/** Holds a lock until it is told to end; says what became of it. As a program: PLACE DATABASE [MILLISECONDS]. */
const [place, database, ms] = process.argv.slice(2)
const target = {host: 'db.example', port: 5432, database: database!}
try {
  await withLock({target, place}, async () => {
    process.stdout.write('held\n')
    await new Promise(resolve => setTimeout(resolve, Number(ms ?? 60_000)))
  })
} catch (error) {
  process.stdout.write(`${(error as {line: string}).line}\n`)
  process.exitCode = (error as {exit: number}).exit
}
