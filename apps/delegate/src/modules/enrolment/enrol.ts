import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError, fromErrorBody } from '@sluice/contracts/errors'
import {
  DelegateKeys,
  ENROL_PATH,
  EnrolmentResponse,
  generateDelegateKeys,
  parseDelegateToken,
  signEnrolment,
} from '@sluice/delegate-protocol'
import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'
import { Agent, request } from 'undici'
import { z } from 'zod'
import { DELEGATE_VERSION, type DelegateConfig } from '../../config.ts'
import { readIfThere, writeDurable } from '../store/durable-file.ts'

const Enrolled = z.object({ accountId: z.string(), delegateId: z.string(), serviceUrl: z.string(), keys: DelegateKeys })
/** This delegate's own identity: its keys never leave the folder. */
export type Enrolled = z.infer<typeof Enrolled>

const FIRST_PAUSE_MS = 500
const LAST_PAUSE_MS = 30_000
const TIMEOUT_MS = 15_000

/** The identity of this folder; made and enrolled at the first start. Tries for ever while the control plane is away. */
export async function loadOrEnrol(config: DelegateConfig, logger: Logger, signal: AbortSignal): Promise<Enrolled> {
  await mkdir(config.dataDir, { recursive: true, mode: 0o700 })
  const file = join(config.dataDir, 'identity.json')
  const stored = await readIfThere(file)
  if (stored !== undefined) {
    const enrolled = Enrolled.parse(JSON.parse(stored))
    if (enrolled.serviceUrl === config.serviceUrl || config.token === undefined) return enrolled
    logger.warn({ was: enrolled.serviceUrl, is: config.serviceUrl }, 'the control plane moved; enrolling again')
  }
  return enrol(config, logger, signal)
}

/** Enrols new keys and stores them. @throws AppError DELEGATE_TOKEN_INVALID, INVALID_REQUEST for what no retry would change. */
export async function enrol(config: DelegateConfig, logger: Logger, signal: AbortSignal): Promise<Enrolled> {
  if (config.token === undefined) {
    throw new AppError(
      'DELEGATE_TOKEN_INVALID',
      'This delegate is not enrolled and has no token. Set SLUICE_DELEGATE_TOKEN or SLUICE_DELEGATE_TOKEN_FILE.',
    )
  }
  const { accountId } = parseDelegateToken(config.token)
  const keys = generateDelegateKeys()
  const dispatcher = new Agent({ connect: config.caPem === undefined ? {} : { ca: config.caPem } })
  try {
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LAST_PAUSE_MS)) {
      try {
        const claims = { name: config.name, tags: config.tags, scope: {}, delegateVersion: DELEGATE_VERSION }
        const body = await signEnrolment({ token: config.token, claims, keys, now: Date.now() })
        const response = await request(`${config.serviceUrl}${ENROL_PATH}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
          dispatcher,
          signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
        })
        const answer: unknown = await response.body.json()
        if (response.statusCode >= 400) throw fromErrorBody(answer, response.statusCode)
        const { delegateId, name, droppedTags } = EnrolmentResponse.parse(answer)
        logger.info({ delegateId, name, droppedTags }, 'enrolled')
        const enrolled: Enrolled = { accountId, delegateId, serviceUrl: config.serviceUrl, keys }
        await writeDurable(join(config.dataDir, 'identity.json'), JSON.stringify(enrolled))
        return enrolled
      } catch (error) {
        const final = error instanceof AppError && error.kind === 'user'
        if (final || signal.aborted) throw error
        logger.warn({ err: error, againInMs: pauseMs }, 'not enrolled yet')
        await delay(pauseMs * (0.5 + Math.random() / 2), undefined, { signal })
      }
    }
  } finally {
    await dispatcher.close()
  }
}
