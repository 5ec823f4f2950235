import { readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { AppError, fromErrorBody, isAppError, type ErrorCode } from '@sluice/contracts/errors'
import {
  ENROL_PATH,
  EnrolmentResponse,
  generateDelegateKeys,
  parseDelegateToken,
  signEnrolment,
  type DelegateKeys,
} from '@sluice/delegate-protocol'
import type { Logger } from 'pino'
import { Agent, request } from 'undici'
import { DELEGATE_VERSION, type DelegateConfig } from '../../config.ts'
import { trustOf } from '../connection/trust.ts'
import { IdentityFile, isEnrolled, type EnrolledAs, type Identity } from './identity-file.ts'

/** This delegate's own identity: its keys never leave the folder. */
export interface Enrolled {
  accountId: string
  delegateId: string
  keys: DelegateKeys
}

/** Pauses between attempts in milliseconds: doubled from the first to the last, with jitter. */
export interface EnrolmentTiming {
  firstPauseMs: number
  lastPauseMs: number
  timeoutMs: number
}
const TIMING: EnrolmentTiming = { firstPauseMs: 500, lastPauseMs: 30_000, timeoutMs: 15_000 }

/** Answers that trying again doesn't change. */
const FINAL: readonly ErrorCode[] = ['DELEGATE_TOKEN_INVALID', 'INVALID_TOKEN', 'INVALID_REQUEST']

/**
 * The identity of this folder; made and enrolled at the first start, and enrolled anew with the same keys when the
 * owner gave it another name, other tags, another token or another control plane. Tries for ever while the control plane
 * is away.
 * @throws AppError DELEGATE_TOKEN_INVALID, INVALID_TOKEN, INVALID_REQUEST for what only a person can change
 */
export async function loadOrEnrol(
  config: DelegateConfig,
  logger: Logger,
  signal: AbortSignal,
  timing: EnrolmentTiming = TIMING,
): Promise<Enrolled> {
  const file = new IdentityFile(config.dataDir)
  const stored = await file.read()
  const token = await readToken(config)
  if (token === undefined) {
    if (stored !== undefined && isEnrolled(stored)) return stored
    throw new AppError(
      'DELEGATE_TOKEN_INVALID',
      config.tokenFile === undefined
        ? 'This delegate is not enrolled and has no token. Set SLUICE_DELEGATE_TOKEN or SLUICE_DELEGATE_TOKEN_FILE.'
        : `This delegate is not enrolled, and the token file "${config.tokenFile}" is not there. Put the delegate token into it.`,
    )
  }
  const { accountId, tokenId } = parseDelegateToken(token)
  const { serviceUrl, name, tags } = config
  const wanted: EnrolledAs = { serviceUrl, tokenId, name, tags: [...tags].sort() }
  const isSameAccount = stored?.accountId === accountId
  if (isSameAccount && isEnrolled(stored) && JSON.stringify(stored.enrolledAs) === JSON.stringify(wanted)) return stored
  // Keys are on disk before the control plane knows them: a crash in between does not leave a delegate that nobody is.
  const identity: Identity = { accountId, keys: isSameAccount ? stored.keys : generateDelegateKeys() }
  if (!isSameAccount) await file.write(identity)
  const delegateId = await enrol({ config, token, keys: identity.keys, logger, signal, timing })
  await file.write({ ...identity, delegateId, enrolledAs: wanted })
  return { accountId, delegateId, keys: identity.keys }
}

/** Makes the next start enrol again: the control plane knows no such delegate. */
export async function forgetEnrolment(config: DelegateConfig): Promise<void> {
  const file = new IdentityFile(config.dataDir)
  const stored = await file.read()
  if (stored !== undefined) await file.write({ accountId: stored.accountId, keys: stored.keys })
}

async function readToken(config: DelegateConfig): Promise<string | undefined> {
  if (config.token !== undefined || config.tokenFile === undefined) return config.token
  try {
    return (await readFile(config.tokenFile, 'utf8')).trim()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

interface EnrolInput {
  config: DelegateConfig
  token: string
  keys: DelegateKeys
  logger: Logger
  signal: AbortSignal
  timing: EnrolmentTiming
}

async function enrol(input: EnrolInput): Promise<string> {
  const { config, logger, signal, timing } = input
  const dispatcher = new Agent({ connect: trustOf(config.caPem) })
  try {
    for (let pauseMs = timing.firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, timing.lastPauseMs)) {
      try {
        const { delegateId, name, droppedTags, state } = await enrolOnce(input, dispatcher)
        logger.info({ delegateId, name, droppedTags, state }, 'enrolled')
        return delegateId
      } catch (error) {
        if (signal.aborted || (isAppError(error) && FINAL.includes(error.code))) throw error
        logger.warn({ err: error, url: config.serviceUrl, againInMs: pauseMs }, 'not enrolled yet')
        await delay(pauseMs * (0.5 + Math.random() / 2), undefined, { signal })
      }
    }
  } finally {
    await dispatcher.close()
  }
}

async function enrolOnce(input: EnrolInput, dispatcher: Agent): Promise<EnrolmentResponse> {
  const { config, token, keys, signal, timing } = input
  const claims = { name: config.name, tags: config.tags, scope: {}, delegateVersion: DELEGATE_VERSION }
  const body = await signEnrolment({ token, claims, keys, now: Date.now() })
  const response = await request(`${config.serviceUrl}${ENROL_PATH}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    dispatcher,
    signal: AbortSignal.any([signal, AbortSignal.timeout(timing.timeoutMs)]),
  })
  const answer: unknown = await response.body.json()
  if (response.statusCode >= 400) throw fromErrorBody(answer, response.statusCode)
  return EnrolmentResponse.parse(answer)
}
