import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { DelegateKeys } from '@sluice/delegate-protocol'
import { z } from 'zod'
import { readIfThere, writeDurable } from '../store/durable-file.ts'

const EnrolledAs = z.object({
  serviceUrl: z.string(),
  tokenId: z.string(),
  name: z.string(),
  tags: z.array(z.string()),
})
/** What the control plane was told when the keys were enrolled. */
export type EnrolledAs = z.infer<typeof EnrolledAs>

const Identity = z.object({
  accountId: z.string(),
  keys: DelegateKeys,
  /** Absent until the keys are enrolled. */
  delegateId: z.string().optional(),
  enrolledAs: EnrolledAs.optional(),
})
export type Identity = z.infer<typeof Identity>

export function isEnrolled(identity: Identity): identity is Identity & { delegateId: string } {
  return identity.delegateId !== undefined
}

/** The delegate's private keys and its id, in one file of mode 0600. */
export class IdentityFile {
  readonly #folder: string

  constructor(dataDir: string) {
    this.#folder = dataDir
  }

  async read(): Promise<Identity | undefined> {
    const text = await readIfThere(this.#path)
    return text === undefined ? undefined : Identity.parse(JSON.parse(text))
  }

  async write(identity: Identity): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    await writeDurable(this.#path, JSON.stringify(identity))
  }

  get #path(): string {
    return join(this.#folder, 'identity.json')
  }
}
