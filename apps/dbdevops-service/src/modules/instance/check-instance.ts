import { AppError, type Problem } from '@sluice/contracts/errors'

export interface InstanceRefs {
  branch?: string | null | undefined
  gitTag?: string | null | undefined
  commitSha?: string | null | undefined
}

const REFS = ['branch', 'gitTag', 'commitSha'] as const

/** Applies the rules that concern more than one field. @throws AppError INVALID_REQUEST with every problem */
export function checkInstance(instance: InstanceRefs): void {
  const problems: Problem[] = []
  const named = REFS.filter((field) => instance[field] !== undefined && instance[field] !== null)
  if (named.length !== 1) {
    const found = named.length === 0 ? 'none is given' : `${named.join(' and ')} are given`
    problems.push({ path: 'body', message: `name exactly one of branch, gitTag and commitSha; ${found}` })
  }
  for (const field of named) {
    if (instance[field]?.includes('<+') === true) {
      problems.push({ path: `body.${field}`, message: 'expressions are not built yet here; write the name itself' })
    }
  }
  if (problems.length === 0) return
  throw new AppError('INVALID_REQUEST', problems.map((problem) => `${problem.path}: ${problem.message}.`).join(' '), {
    details: problems,
  })
}

/** The ref after an update: a newly named one takes the place of the others. */
export function mergeRefs(before: InstanceRefs, update: InstanceRefs): InstanceRefs {
  const names = REFS.some((field) => update[field] !== undefined && update[field] !== null)
  const base: InstanceRefs = names ? {} : before
  const pick = (field: (typeof REFS)[number]): string | null =>
    (update[field] === undefined ? base[field] : update[field]) ?? null
  return { branch: pick('branch'), gitTag: pick('gitTag'), commitSha: pick('commitSha') }
}
