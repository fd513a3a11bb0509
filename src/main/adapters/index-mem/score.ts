/**
 * How near two vectors are. This is the one formula: float32 in, products and sums in double precision, in order of the
 * components. Higher is nearer.
 */
import type { ClassModel } from '../../../shared/profile/model'

export type Distance = ClassModel['distance']

/** The score of the vector that starts at `offset` of `matrix`. */
export type Scorer = (matrix: Float32Array, offset: number) => number

/** Scores against one query vector. Under cosine neither vector may be all zero. */
export function scorer(distance: Distance, query: Float32Array): Scorer {
  switch (distance) {
    case 'cosine': {
      const querySquare = dot(query, query, 0)
      return (matrix, offset) => cosine(query, querySquare, matrix, offset)
    }
    case 'dot':
      return (matrix, offset) => dot(query, matrix, offset)
    case 'l2':
      return (matrix, offset) => minusSquaredDistance(query, matrix, offset)
  }
}

function dot(query: Float32Array, matrix: Float32Array, offset: number): number {
  let sum = 0
  for (let i = 0; i < query.length; i++) sum += (query[i] as number) * (matrix[offset + i] as number)
  return sum
}

function cosine(query: Float32Array, querySquare: number, matrix: Float32Array, offset: number): number {
  let sum = 0
  let square = 0
  for (let i = 0; i < query.length; i++) {
    const value = matrix[offset + i] as number
    sum += (query[i] as number) * value
    square += value * value
  }
  // One root of the product makes a vector's similarity to itself exactly 1; rounding may still carry a multiple of it past 1.
  return Math.max(-1, Math.min(1, sum / Math.sqrt(querySquare * square)))
}

function minusSquaredDistance(query: Float32Array, matrix: Float32Array, offset: number): number {
  let sum = 0
  for (let i = 0; i < query.length; i++) {
    const difference = (query[i] as number) - (matrix[offset + i] as number)
    sum += difference * difference
  }
  // Not `-sum`, which makes the score of an equal vector negative zero.
  return 0 - sum
}
