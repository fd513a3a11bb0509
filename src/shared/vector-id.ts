/**
 * Under which UUID an object stands in a backend that knows no other ids. A lower-case UUID stands for itself; any other id has one
 * derived from class, tenant and id, so that every node finds the object again without asking.
 */
import { sha1 } from '@noble/hashes/legacy.js'
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js'

const lowerCaseUuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const namespace = hexToBytes('6215e062bedb40f4a6dbd1ae564a4d72')

export function standsForItself(id: string): boolean {
  return lowerCaseUuid.test(id)
}

/** The id itself, or a UUID of version 5 (RFC 9562) of the JSON text `["class","tenant or empty","id"]`. */
export function uuidOfObject(className: string, tenant: string | undefined, id: string): string {
  if (standsForItself(id)) return id
  const bytes = sha1(concatBytes(namespace, utf8ToBytes(JSON.stringify([className, tenant ?? '', id])))).subarray(0, 16)
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x50
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80
  const hex = bytesToHex(bytes)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
