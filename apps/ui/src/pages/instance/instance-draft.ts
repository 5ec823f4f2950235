import type { DbInstance } from '../../api/schemas.ts'
import { type Naming, NO_NAME } from '../../design/name-fields.tsx'

export const REF_KINDS = ['branch', 'gitTag', 'commitSha'] as const
export type RefKind = (typeof REF_KINDS)[number]

/** An instance as a form holds it: every text is there, empty ones stand for nothing. */
export interface InstanceDraft {
  naming: Naming
  connector: string
  refKind: RefKind
  ref: string
  context: string
  labels: string
  database: string
  schema: string
  /** In the order of typing; a name that is empty counts for nothing. */
  properties: { name: string; value: string }[]
  tags: Record<string, string>
}

export function draftOf(instance?: DbInstance): InstanceDraft {
  const refKind = REF_KINDS.find((kind) => instance?.[kind] !== undefined) ?? 'branch'
  return {
    naming: instance === undefined ? NO_NAME : { name: instance.name, identifier: instance.identifier, isOwn: true },
    connector: instance?.connector ?? '',
    refKind,
    ref: instance?.[refKind] ?? '',
    context: instance?.context ?? '',
    labels: instance?.labels ?? '',
    database: instance?.database ?? '',
    schema: instance?.schema ?? '',
    properties: Object.entries(instance?.substituteProperties ?? {}).map(([name, value]) => ({ name, value })),
    tags: instance?.tags ?? {},
  }
}

const OPTIONAL = ['context', 'labels', 'database', 'schema'] as const

function fixedParts(draft: InstanceDraft) {
  return {
    name: draft.naming.name,
    connector: draft.connector,
    tags: draft.tags,
    substituteProperties: Object.fromEntries(
      draft.properties.filter(({ name }) => name.trim() !== '').map(({ name, value }) => [name.trim(), value]),
    ),
  }
}

/** Body that creates the instance: what is empty is left out. */
export function instanceBody(draft: InstanceDraft) {
  const optional: Partial<Record<(typeof OPTIONAL)[number], string>> = {}
  for (const name of OPTIONAL) if (draft[name].trim() !== '') optional[name] = draft[name].trim()
  const ref: Partial<Record<RefKind, string>> = { [draft.refKind]: draft.ref.trim() }
  return { ...fixedParts(draft), ...optional, ...ref }
}

/** Body that changes the instance: what is empty is taken away. The ref that is named takes the place of the others. */
export function instanceChange(draft: InstanceDraft) {
  const optional: Partial<Record<(typeof OPTIONAL)[number], string | null>> = {}
  for (const name of OPTIONAL) optional[name] = draft[name].trim() === '' ? null : draft[name].trim()
  const ref: Partial<Record<RefKind, string>> = { [draft.refKind]: draft.ref.trim() }
  return { ...fixedParts(draft), ...optional, ...ref }
}
