import * as objects from './object-queries.js'
import * as relations from './relation-queries.js'

/** All that readSchema asks a server of this version, for showing it without one. */
export const schemaQueries = (versionNum: number): string[] => [
  objects.database,
  objects.settings,
  relations.relations([], true),
  relations.columns([]),
  relations.indexes([], true),
  objects.statistics(versionNum, []),
  relations.constraints([]),
  relations.extended([]),
  objects.extensions,
  objects.schemas,
  objects.collations,
  objects.types,
  objects.functions,
]
