import type {Request} from './session.js'
import type {Place} from './statements.js'

/** All requests that ran the same statements in the same order, however often each was repeated. */
export type Shape = {
  ids: number[]
  repeated: boolean[]
  count: number
  queries: number
  mostQueries: number
  ms: number
  place: Place
}

export type ShapeTable = ReturnType<typeof shapeTable>

const MAX_SHAPES = 5000

export function shapeTable() {
  const shapes = new Map<number, Shape>()
  return {
    shapes: () => shapes.values(),
    add(request: Request): void {
      if (request.length === 0) return
      const key = keyOf(request)
      let shape = shapes.get(key)
      if (!shape) {
        if (shapes.size >= MAX_SHAPES) dropCheapest(shapes)
        shape = newShape(request)
        shapes.set(key, shape)
      }
      shape.count += 1
      shape.queries += request.queries
      shape.mostQueries = Math.max(shape.mostQueries, request.queries)
      shape.ms += request.ms
    },
  }
}

function newShape({ids, repeated, length, place}: Request): Shape {
  return {
    ids: [...ids.subarray(0, length)],
    repeated: [...repeated.subarray(0, length)].map(Boolean),
    count: 0,
    queries: 0,
    mostQueries: 0,
    ms: 0,
    place: {...place},
  }
}

function keyOf({ids, repeated, length}: Request): number {
  let low = 17
  let high = length
  for (let i = 0; i < length; i += 1) {
    const item = ids[i]! * 2 + repeated[i]!
    low = Math.imul(low ^ item, 0x01000193)
    high = Math.imul(high + item, 0x9e3779b1) ^ (high >>> 13)
  }
  return (low >>> 0) * 2 ** 21 + (high >>> 11)
}

/** Half of the shapes, those that cost least: what is reported are the costliest. */
function dropCheapest(shapes: Map<number, Shape>): void {
  const cheapest = [...shapes].sort(([, a], [, b]) => a.ms - b.ms || a.queries - b.queries)
  for (const [key] of cheapest.slice(0, MAX_SHAPES >> 1)) shapes.delete(key)
}
