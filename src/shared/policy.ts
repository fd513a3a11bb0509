/**
 * Bucket policies in a form in which two that mean the same are equal. Servers rewrite what they are given (MinIO turns
 * `"*"` into `{"AWS":["*"]}`, single strings into lists, and answers lists in random order), so texts cannot be compared.
 */
import { canonicalJson } from './hash'
import { compareUtf8 } from './order'
import type { Policy } from './profile/model'

type Json = string | number | boolean | null | Json[] | { [key: string]: Json }

/** The document that a policy stands for on `bucket`; `null` for none, which is what `private` means. */
function policyDocument(policy: Policy, bucket: string): Json {
  if (policy === 'private') return null
  if (policy !== 'public-read') return policy as Json
  return {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: '*', Action: ['s3:GetObject'], Resource: [`arn:aws:s3:::${bucket}/*`] }],
  }
}

/** Lists that are sets in a policy, where one string stands for a list of one. */
const setFields = new Set(['Action', 'NotAction', 'Resource', 'NotResource'])

/** Canonical JSON text of a policy's meaning; `null` as text for none. Equal texts, equal policies. */
export function canonicalPolicy(policy: Policy | null, bucket: string): string {
  const document = policy === null ? null : policyDocument(policy, bucket)
  return canonicalJson(isObject(document) ? normaliseDocument(document) : document)
}

function normaliseDocument(document: { [key: string]: Json }): Json {
  const { Statement, ...rest } = document
  if (Statement === undefined) return document
  const statements = (Array.isArray(Statement) ? Statement : [Statement]).map((one) => (isObject(one) ? normaliseStatement(one) : one))
  return { ...rest, Statement: sortedSet(statements) }
}

function normaliseStatement(statement: { [key: string]: Json }): Json {
  return Object.fromEntries(
    Object.entries(statement).map(([field, value]) => {
      if (setFields.has(field)) return [field, asSet(value)]
      if (field === 'Principal' || field === 'NotPrincipal') return [field, normalisePrincipal(value)]
      if (field === 'Condition' && isObject(value)) return [field, normaliseCondition(value)]
      return [field, value]
    }),
  )
}

function normalisePrincipal(value: Json): Json {
  const byKind = isObject(value) ? value : { AWS: value }
  return Object.fromEntries(Object.entries(byKind).map(([kind, who]) => [kind, asSet(who)]))
}

function normaliseCondition(condition: { [key: string]: Json }): Json {
  return Object.fromEntries(
    Object.entries(condition).map(([operator, keys]) => [
      operator,
      isObject(keys) ? Object.fromEntries(Object.entries(keys).map(([key, values]) => [key, asSet(values)])) : keys,
    ]),
  )
}

function asSet(value: Json): Json {
  return sortedSet(Array.isArray(value) ? value : [value])
}

function sortedSet(values: Json[]): Json[] {
  const byText = new Map(values.map((value) => [canonicalJson(value), value]))
  return [...byText].sort(([a], [b]) => compareUtf8(a, b)).map(([, value]) => value)
}

function isObject(value: Json): value is { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
