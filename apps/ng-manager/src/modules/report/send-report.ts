import { postStepReport, type ReportedDocument, type StepReport } from '@sluice/contracts/dbops'
import { AppError, isAppError } from '@sluice/contracts/errors'
import { ChangesetReport, type TaskOutputRef } from '@sluice/contracts/tasks'
import type { Actor } from '@sluice/service-kit'
import { z } from 'zod'
import type { Deps } from '../../deps.ts'
import { packDocument } from './pack-document.ts'
import { readOutput } from './read-output.ts'

/** Room for documents in a report's body of 1 MiB, beside everything else in it. */
const DOCUMENT_BUDGET = 700_000
/** Changesets beyond this number travel as a document. */
const INLINE_CHANGESETS_MAX = 100
const SEND_TIMEOUT_MS = 30_000

type SendDeps = Pick<Deps, 'client' | 'logger'>

/** What a step or request left beside its result. */
export interface ReportedOutputs {
  plan?: Buffer
  changesets: readonly ChangesetReport[]
  /** What the changesets say, JSON. */
  texts?: Buffer
}

/**
 * Sends a report to dbdevops-service, documents first where they are large. An instance that is gone is no failure:
 * there is nothing to report to.
 * @throws AppError operational ones when the edge is down
 */
export async function sendReport(
  deps: SendDeps,
  actor: Actor,
  head: Omit<StepReport, 'changesets' | 'documents'>,
  { plan, changesets, texts }: ReportedOutputs,
  signal: AbortSignal,
): Promise<void> {
  const { attemptId } = head
  const documents: ReportedDocument[] = []
  let budget = DOCUMENT_BUDGET
  const add = async (name: ReportedDocument['name'], bytes: Buffer): Promise<void> => {
    const document = await packDocument(deps, actor, { attemptId, name, bytes }, budget, signal)
    budget -= document.content?.length ?? 0
    documents.push(document)
  }
  if (plan !== undefined) await add('plan', plan)
  const inline =
    changesets.length <= INLINE_CHANGESETS_MAX && changesets.every((changeset) => changeset.error === undefined)
  if (!inline) await add('changesets', Buffer.from(JSON.stringify(changesets)))
  if (texts !== undefined) await add('texts', texts)
  const body: StepReport = { ...head, changesets: inline ? [...changesets] : [], documents }
  try {
    await deps.client.call(postStepReport, { body }, { actor, signal, timeoutMs: SEND_TIMEOUT_MS })
  } catch (error) {
    if (!isAppError(error) || error.code !== 'ENTITY_NOT_FOUND') throw error
    deps.logger.info({ attemptId, sentence: error.message }, 'instance is gone; report dropped')
  }
}

/** An output by its name, whole; undefined where there is none. */
export async function readNamed(
  deps: Pick<Deps, 'pool'>,
  accountId: string,
  large: readonly TaskOutputRef[],
  name: TaskOutputRef['name'],
): Promise<Buffer | undefined> {
  const output = large.find((candidate) => candidate.name === name)
  return output === undefined ? undefined : readOutput(deps, accountId, output)
}

/** @throws AppError INVALID_REQUEST where the output does not have its shape */
export async function readChangesets(
  deps: Pick<Deps, 'pool'>,
  accountId: string,
  large: readonly TaskOutputRef[],
): Promise<ChangesetReport[]> {
  const bytes = await readNamed(deps, accountId, large, 'changesets')
  if (bytes === undefined) return []
  const parsed = z.array(ChangesetReport).safeParse(JSON.parse(bytes.toString('utf8')))
  if (parsed.success) return parsed.data
  throw new AppError(
    'INVALID_REQUEST',
    `The output "changesets" of the attempt does not have its shape: ${z.prettifyError(parsed.error)}`,
  )
}
