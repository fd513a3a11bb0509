import fc from 'fast-check'
import { v5 } from 'uuid'
import { describe, expect, it } from 'vitest'
import { uuidOfObject } from '../../../src/shared/vector-id'

describe('the UUID of an object', () => {
  it('is its id where that is a lower-case UUID', () => {
    expect(uuidOfObject('Segment', undefined, '0e2f63e8-6a4c-4a3f-9d3b-5f3a4f6c7d10')).toBe('0e2f63e8-6a4c-4a3f-9d3b-5f3a4f6c7d10')
  })

  it('is the one that the contract names for any other id', () => {
    // Computed apart from this code: python3 -c "import uuid; print(uuid.uuid5(uuid.UUID('6215e062-…'), '[\"Segment\",\"\",\"x\"]'))"
    expect(uuidOfObject('Segment', undefined, 'x')).toBe('70b6fd8f-4fbc-585b-9dc9-e51daeb95890')
  })

  it('agrees with the uuid package, whatever the class, tenant and id', () => {
    const text = fc.string({ unit: 'binary', minLength: 1 })
    fc.assert(
      fc.property(text, fc.option(text, { nil: undefined }), text, (className, tenant, id) => {
        const name = JSON.stringify([className, tenant ?? '', id])
        expect(uuidOfObject(className, tenant, id)).toBe(v5(name, '6215e062-bedb-40f4-a6db-d1ae564a4d72'))
      }),
    )
  })

  it('keeps apart what concatenation would confuse', () => {
    const uuids = [
      uuidOfObject('A', 'b', 'c'),
      uuidOfObject('A', undefined, 'bc'),
      uuidOfObject('Ab', undefined, 'c'),
      uuidOfObject('A', undefined, 'c'),
      uuidOfObject('A', undefined, '0E2F63E8-6A4C-4A3F-9D3B-5F3A4F6C7D10'),
    ]
    expect(new Set(uuids).size).toBe(uuids.length)
  })
})
