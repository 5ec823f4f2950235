import { listDbInstances, type DatabaseRequest } from '@sluice/contracts/dbops'
import { AppError, isAppError } from '@sluice/contracts/errors'
import { newId, type Scope } from '@sluice/contracts/ids'
import type { Actor } from '@sluice/service-kit'
import type { Deps } from '../../deps.ts'
import { projectParams } from '../step/resolve-step.ts'
import { toDatabaseRequest } from './direct-request.ts'
import { refreshInstance } from './refresh-instance.ts'

const PAGE_SIZE = 100
/** Instances that are resolved at once. */
const LANES = 8

/**
 * Refreshes the instances of a schema that are named, or all. One that can't be asked is a request that failed.
 * @throws AppError ENTITY_NOT_FOUND for the schema or a named instance
 */
export async function refreshSchema(
  deps: Deps,
  actor: Actor,
  of: { scope: Scope; dbSchema: string; instances: readonly string[] },
  signal: AbortSignal,
): Promise<DatabaseRequest[]> {
  const { scope, dbSchema } = of
  const known = await instancesOf(deps, actor, of, signal)
  const missing = of.instances.find((identifier) => !known.includes(identifier))
  if (missing !== undefined) {
    throw new AppError('ENTITY_NOT_FOUND', `DB schema "${dbSchema}" has no instance "${missing}".`)
  }
  const readSince = Date.now()
  const wanted = (of.instances.length === 0 ? known : [...new Set(of.instances)]).map((dbInstance) => ({ dbInstance }))
  const answers = new Map<string, DatabaseRequest>()
  const queue = [...wanted]
  const lane = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const ref = { scope, dbSchema, dbInstance: next.dbInstance }
      answers.set(next.dbInstance, await refreshOne(deps, actor, ref, readSince, signal))
    }
  }
  await Promise.all(Array.from({ length: Math.min(LANES, wanted.length) }, lane))
  return wanted.flatMap(({ dbInstance }) => answers.get(dbInstance) ?? [])
}

/** Identifiers of all instances of a schema. */
async function instancesOf(
  deps: Pick<Deps, 'client'>,
  actor: Actor,
  { scope, dbSchema }: { scope: Scope; dbSchema: string },
  signal: AbortSignal,
): Promise<string[]> {
  const known: string[] = []
  for (let page = 0; ; page++) {
    // The next page is asked for only where there may be one.
    // oxlint-disable-next-line no-await-in-loop
    const found = await deps.client.call(
      listDbInstances,
      {
        params: { ...projectParams(scope), schema: dbSchema },
        query: { page, limit: PAGE_SIZE, sort: 'created', order: 'ASC' },
        body: {},
      },
      { actor, signal },
    )
    known.push(...found.map(({ identifier }) => identifier))
    if (found.length < PAGE_SIZE) return known
  }
}

async function refreshOne(
  deps: Deps,
  actor: Actor,
  ref: Parameters<typeof refreshInstance>[2],
  readSince: number,
  signal: AbortSignal,
): Promise<DatabaseRequest> {
  try {
    return toDatabaseRequest(await refreshInstance(deps, actor, ref, readSince, signal))
  } catch (error) {
    // What is wrong with one instance does not keep the others from being asked.
    if (!isAppError(error) || error.kind === 'bug') throw error
    const row = await deps.prisma.directRequest.create({
      data: {
        accountId: actor.accountId,
        id: newId('req'),
        kind: 'refresh',
        orgIdentifier: ref.scope.orgIdentifier,
        projectIdentifier: ref.scope.projectIdentifier,
        schemaIdentifier: ref.dbSchema,
        instanceIdentifier: ref.dbInstance,
        principal: actor.principal,
        status: 'FAILURE',
        error: { code: error.code, message: error.message },
        deadline: new Date(),
        finishedAt: new Date(),
      },
    })
    return toDatabaseRequest(row)
  }
}
