import {Ajv2020} from 'ajv/dist/2020.js'
import {describe, expect, it} from 'vitest'
import {renderOutcomes} from '../../src/render/machine.js'
import {rules} from '../../src/rules/index.js'
import {down, hostile, of} from './outcomes.js'
import {sampleReport} from './sample.js'

const object = (required: string[], properties: Record<string, unknown>) => ({
  type: 'object',
  required,
  properties: {properties: {type: 'object'}, ...properties},
  additionalProperties: false,
})
const list = (items: unknown) => ({type: 'array', items})
const string = {type: 'string', minLength: 1}
const message = object(['text'], {text: string})
const level = {enum: ['none', 'note', 'warning', 'error']}

/** What SARIF 2.1.0 says about the parts that are used here; a property it does not know is refused. */
const SCHEMA = object(['version', 'runs', '$schema'], {
  $schema: string,
  version: {const: '2.1.0'},
  runs: list(
    object(['tool', 'results'], {
      tool: object(['driver'], {
        driver: object(['name', 'rules'], {
          name: string,
          semanticVersion: {type: 'string', pattern: '^\\d+\\.\\d+\\.\\d+'},
          rules: list(
            object(['id'], {
              id: string,
              shortDescription: message,
              fullDescription: message,
              help: message,
              defaultConfiguration: object(['level'], {level}),
            }),
          ),
        }),
      }),
      automationDetails: object(['id'], {id: string}),
      columnKind: {enum: ['utf16CodeUnits', 'unicodeCodePoints']},
      invocations: list(
        object(['executionSuccessful'], {
          executionSuccessful: {type: 'boolean'},
          endTimeUtc: {type: 'string', pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d+Z$'},
          toolExecutionNotifications: list(
            object(['message'], {
              message,
              level,
              associatedRule: object(['id'], {id: string}),
              descriptor: object(['id'], {id: string}),
            }),
          ),
        }),
      ),
      results: list(
        object(['message', 'ruleId', 'locations', 'partialFingerprints'], {
          ruleId: string,
          ruleIndex: {type: 'integer', minimum: 0},
          level,
          message,
          locations: list(
            object([], {
              physicalLocation: object(['artifactLocation'], {
                artifactLocation: object(['uri'], {uri: {type: 'string', pattern: "^[A-Za-z0-9._~!'()*%/-]+$"}}),
                region: object([], {startLine: {type: 'integer', minimum: 1}}),
              }),
              logicalLocations: list(object([], {name: string, fullyQualifiedName: string})),
            }),
          ),
          partialFingerprints: {type: 'object', additionalProperties: {type: 'string'}},
          suppressions: list(
            object(['kind'], {kind: {enum: ['inSource', 'external']}, justification: {type: 'string'}}),
          ),
        }),
      ),
    }),
  ),
})
const validate = new Ajv2020({strict: false}).compile(SCHEMA)

async function parsed(...outcomes: Parameters<typeof renderOutcomes>[0]) {
  const log = JSON.parse(await renderOutcomes(outcomes, 'sarif'))
  expect(validate(log), JSON.stringify(validate.errors)).toBe(true)
  return log
}

describe('sarif', () => {
  it('has a result for each finding, with its rule, its level and its place', async () => {
    const {runs} = await parsed(of())
    const [run] = runs
    expect(run.results.map((result: {level: string}) => result.level)).toEqual(['error', 'warning', 'note'])
    const [, index] = run.results
    expect(run.tool.driver.rules[index.ruleIndex].id).toBe('indexes/foreign-key-unindexed')
    expect(index.locations[0]).toEqual({
      physicalLocation: {
        artifactLocation: {uri: 'database/db.example.com%3A5432/ahsp'},
        region: {startLine: 1},
      },
      logicalLocations: [
        {
          name: '"public"."detail_project_pekerjaan"',
          fullyQualifiedName: 'db.example.com:5432/ahsp/"public"."detail_project_pekerjaan"',
        },
      ],
    })
    expect(index.message.text).toContain('CREATE INDEX CONCURRENTLY')
    expect(run.invocations[0].toolExecutionNotifications).toContainEqual({
      level: 'note',
      associatedRule: {id: 'queries/slow'},
      message: {text: 'the texts of the statements are hidden; needs GRANT pg_monitor TO "app";'},
    })
  })

  it('describes every rule, with its page', async () => {
    const {runs} = await parsed(of())
    const known = runs[0].tool.driver.rules
    expect(known.map(({id}: {id: string}) => id)).toEqual(rules.map(({id}) => id))
    for (const {id, properties} of known) expect(properties.documentation).toBe(`docs/rules/${id}.md`)
  })

  it('keeps fingerprints from run to run, and tells servers apart', async () => {
    const later = {...sampleReport(), collectedAt: 1_800_000_000}
    const {runs} = await parsed(of(), of({report: later}), of({name: 'other'}))
    const prints = runs.map(({results}: {results: {partialFingerprints: object}[]}) =>
      JSON.stringify(results.map(({partialFingerprints}) => partialFingerprints)),
    )
    expect(prints[1]).toBe(prints[0])
    expect(prints[2]).not.toBe(prints[0])
  })

  it('is valid with hostile names, with ignored findings, and without a report', async () => {
    const ignored = [{rule: 'timeouts/lock', subject: 'lock_timeout', reason: 'migrations only'}]
    const {runs} = await parsed(hostile(), of({report: {...sampleReport(), ignored}}), down, of({name: '..'}))
    expect(runs[1].results.at(-1).suppressions).toEqual([{kind: 'external', justification: 'migrations only'}])
    expect(runs[2]).toMatchObject({results: [], invocations: [{executionSuccessful: false}]})
    expect(runs[3].results[0].locations[0].physicalLocation.artifactLocation.uri).toBe('database/%2E%2E')
  })
})
