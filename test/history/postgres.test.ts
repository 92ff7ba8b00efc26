import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {resolveConninfo} from '../../src/connect/conninfo.js'
import {connect} from '../../src/connect/postgres.js'
import {type EmbeddedServer, startServer} from '../../src/embedded/server.js'
import {openHistory} from '../../src/history/open.js'
import {createHistory} from '../../src/history/postgres.js'
import {saveRun} from '../../src/history/save.js'
import {entry, TARGET} from './entries.js'

const NOW = 1_763_700_000.123
const DAY = 86_400

let server: EmbeddedServer
let place: string
beforeAll(async () => {
  server = await startServer({quick: true})
  await sql('CREATE DATABASE monitoring; CREATE ROLE saver LOGIN; CREATE ROLE nobody_at_all LOGIN')
  place = server.url('monitoring')
}, 60_000)
afterAll(() => server?.stop())

async function sql(text: string, database = 'postgres') {
  const connection = await connect(await resolveConninfo(server.url(database), {}))
  try {
    const rows = []
    for (const each of text.split(';')) rows.push(...(await connection.run(each, {deadlineMs: 10_000})).flat())
    return rows
  } finally {
    await connection.close()
  }
}

describe('a history in a database', () => {
  it('is created by init alone: without it saving and reading say so', async () => {
    const history = await openHistory(place, {})
    await expect(history.list(null)).rejects.toMatchObject({message: expect.stringContaining('no history yet')})
    const {snapshot, report} = entry(NOW)
    const saved = saveRun(snapshot, report, {place})
    await expect(saved).rejects.toMatchObject({exit: 6, hint: expect.stringContaining('init --history')})
    await history.close()
    expect(await sql("SELECT 1 FROM pg_namespace WHERE nspname = 'ahsp_db_history'", 'monitoring')).toEqual([])
  })

  it('gives back what many servers saved at once, newest first', async () => {
    await createHistory(place, {})
    await createHistory(place, {})
    const targets = [TARGET, {host: "o'brien", port: 5433, database: 'a\\b"\'\n'}]
    const saves = targets.flatMap(target =>
      [...Array(5).keys()].map(async day => {
        const history = await openHistory(place, {})
        await history.save(entry(NOW - day * DAY, target, "it's \u0000 a \ud800 \\ 'note'"))
        await history.close()
      }),
    )
    await Promise.all(saves)
    const history = await openHistory(place, {})
    for (const target of targets) {
      const heads = await history.list(target)
      expect(heads.map(({at}) => at)).toEqual([0, 1, 2, 3, 4].map(day => NOW - day * DAY))
      const {report, snapshot} = await history.read(heads[1]!)
      expect(report).toEqual(entry(NOW - DAY, target).report)
      expect(snapshot).toMatchObject({target, collectedAt: NOW - DAY, warnings: ["it's \u0000 a \ud800 \\ 'note'"]})
    }
    expect(await history.list(null)).toHaveLength(10)
    expect(await history.prune(TARGET, {age: 2.5 * DAY, count: 2})).toBe(3)
    expect(await history.list(TARGET)).toHaveLength(2)
    expect(await history.list(null)).toHaveLength(7)
    await history.close()
  })

  it('a role needs no more than the grants that init prints', async () => {
    const {historyGrants} = await import('../../src/history/ddl.js')
    await sql(historyGrants('saver'), 'monitoring')
    const {snapshot, report} = entry(NOW + DAY)
    const {note} = await saveRun(snapshot, report, {place: server.url('monitoring', 'saver')})
    expect(note).toBeNull()
    const refused = saveRun(snapshot, report, {place: server.url('monitoring', 'nobody_at_all')})
    await expect(refused).rejects.toMatchObject({exit: 6, hint: expect.stringContaining('SELECT, INSERT, DELETE')})
  })

  it('a damaged entry is an error of that entry', async () => {
    const history = await openHistory(place, {})
    const [head] = await history.list(TARGET)
    await sql("UPDATE ahsp_db_history.entries SET snapshot = '\\x1f8b00'", 'monitoring')
    await expect(history.read(head!)).rejects.toMatchObject({message: expect.stringContaining('is damaged')})
    await history.close()
  })

  it('a server that is not there is no refusal of the checked one', async () => {
    const {snapshot, report} = entry(NOW)
    const saved = saveRun(snapshot, report, {place: 'postgres://someone:secret@127.0.0.1:1/x'})
    const error = await saved.catch(each => each)
    expect(error).toMatchObject({code: 'HISTORY', exit: 6})
    expect(error.line).not.toContain('secret')
  })
})
