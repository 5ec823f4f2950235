import { lookup } from 'node:dns/promises'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AppError } from '@sluice/contracts/errors'
import type { ScmRefusal } from '@sluice/contracts/scm'
import { approveHost } from '../host/host-guard.ts'
import { GitCommandError, runGit } from './run-git.ts'
import { createSlots } from './slots.ts'

/** Runs one git command in the read's own empty folder. */
export type Git = (args: readonly string[], limits?: { maxOutputBytes?: number }) => Promise<Buffer>

export interface GitReader {
  /**
   * Reads a repository: approves its host, gives `work` a folder of its own and git, and cleans up.
   * @returns what `work` returns, or why the control plane can't read the repository
   * @throws AppError URL_REFUSED, REFERENCE_NOT_FOUND (no such repository), GIT_FAILED
   */
  read<Value>(url: string, work: (git: Git, url: string) => Promise<Value>): Promise<Value | ScmRefusal>
}

export interface GitReaderOptions {
  allowedHosts: readonly string[]
  /** PEM file of every authority that git is to trust. */
  caFile?: string
  /** Milliseconds that one git command may take. */
  timeoutMs: number
  /** Git processes at once. */
  concurrency: number
}

/** 100,000 branches are 7 MB. */
const OUTPUT_MAX_BYTES = 16_777_216

/** Reads repositories of public hosts with the git program. */
export function createGitReader(options: GitReaderOptions): GitReader {
  const slots = createSlots(options.concurrency)
  const guard = { allowedHosts: options.allowedHosts, lookup: (host: string) => lookup(host, { all: true }) }
  return {
    async read(url, work) {
      const host = await approveHost(guard, url)
      if (!('pin' in host)) return host
      return slots.run(async () => {
        const folder = await mkdtemp(join(tmpdir(), 'sluice-scm-'))
        const git: Git = (args, limits = {}) =>
          runGit(args, {
            folder,
            pin: host.pin,
            caFile: options.caFile,
            timeoutMs: options.timeoutMs,
            maxOutputBytes: limits.maxOutputBytes ?? OUTPUT_MAX_BYTES,
          })
        try {
          return await work(git, host.url)
        } catch (error) {
          if (error instanceof GitCommandError) return explain(error, host.url)
          throw error
        } finally {
          await rm(folder, { recursive: true, force: true })
        }
      })
    },
  }
}

/** Git's words (English: LC_ALL=C) for what a caller can act on. */
function explain(error: GitCommandError, url: string): ScmRefusal {
  const { stderr } = error
  const host = new URL(url).host
  const refusal = (reason: ScmRefusal['reason'], message: string): ScmRefusal => ({ resolved: false, reason, message })
  if (error.timedOut) return refusal('UNREACHABLE', `The host "${host}" did not answer in time.`)
  if (/could not read (Username|Password)|Authentication failed|returned error: 40[13]/.test(stderr)) {
    return refusal(
      'CREDENTIALS_REQUIRED',
      `The host "${host}" asks for a user name and password, or has no such repository.`,
    )
  }
  if (/repository .* not found|returned error: 404/.test(stderr)) {
    throw new AppError(
      'REFERENCE_NOT_FOUND',
      `There is no repository at "${url}". Correct the address in the connector.`,
      { cause: error },
    )
  }
  if (/returned error: 30\d|redirect/.test(stderr)) {
    throw new AppError('GIT_FAILED', `The repository at "${url}" has moved. Put its new address into the connector.`, {
      cause: error,
    })
  }
  const transport = /unable to access '[^']*': (.*)/.exec(stderr)?.[1]
  if (transport !== undefined)
    return refusal('UNREACHABLE', `The host "${host}" can't be reached: ${transport.slice(0, 500)}.`)
  const said = stderr.trim().split('\n').at(-1)?.slice(0, 500) ?? ''
  throw new AppError('GIT_FAILED', `git could not read "${url}": ${said}`, { cause: error })
}
