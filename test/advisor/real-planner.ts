import pg from 'pg'
import {definitionSql} from '../../src/advisor/definition.js'
import {type Plan, PlanError, type Planner, type PreparedIndex} from '../../src/whatif/planner.js'

/** Plans on a real server with real rows: candidates are built there, and hidden until a configuration names them. */
export async function realPlanner(url: string): Promise<Planner> {
  const client = new pg.Client({connectionString: url})
  await client.connect()
  let count = 0
  return {
    kind: 'shadow',
    disabled: [],
    async prepare(definitions) {
      const prepared: PreparedIndex[] = []
      const refused = []
      for (const definition of definitions) {
        count += 1
        const name = `candidate_${count}`
        try {
          await client.query(`CREATE INDEX ${name} ON ${definitionSql(definition)}`)
          await client.query(`UPDATE pg_index SET indisvalid = false WHERE indexrelid = '${name}'::regclass`)
          const {rows} = await client.query(`SELECT pg_relation_size('${name}')::float8 AS bytes`)
          prepared.push({name, definition, bytes: rows[0].bytes})
        } catch (error) {
          refused.push({definition, reason: (error as Error).message})
        }
      }
      return {prepared, refused}
    },
    async explain({sql}, {indexes = [], settings = {}} = {}) {
      const shown = indexes.map(({name}) => `'${name}'::regclass`).join(', ')
      await client.query('BEGIN')
      try {
        if (shown) await client.query(`UPDATE pg_index SET indisvalid = true WHERE indexrelid IN (${shown})`)
        for (const [name, value] of Object.entries(settings)) await client.query(`SET LOCAL ${name} = ${value}`)
        const generic = /\$\d/.test(sql) ? ', GENERIC_PLAN' : ''
        const {rows} = await client.query(`EXPLAIN (FORMAT JSON${generic}) ${sql}`)
        return planOf(rows[0]['QUERY PLAN'][0].Plan)
      } catch (error) {
        throw new PlanError((error as Error).message)
      } finally {
        await client.query('ROLLBACK')
      }
    },
    close: () => client.end(),
  }
}

const planOf = (root: Plan['root']): Plan => ({
  root,
  cost: root['Total Cost'],
  startupCost: root['Startup Cost'],
  rows: root['Plan Rows'],
})
