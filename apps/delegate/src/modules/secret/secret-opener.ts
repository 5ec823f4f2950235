import { randomUUID } from 'node:crypto'
import { AppError } from '@sluice/contracts/errors'
import type { SecretRef } from '@sluice/contracts/tasks'
import type { DelegateEvent, OpenedSecret } from '@sluice/delegate-protocol'
import { decryptWithDataKey } from '@sluice/secrets/envelope'
import { openDataKey } from '@sluice/secrets/sealing'

/**
 * Opens the secrets of tasks this delegate holds: data keys come sealed to its own key, values appear first here.
 * Nothing is cached; what was opened lives as long as the pod that needed it.
 */
export class SecretOpener {
  readonly #accountId: string
  readonly #sealingPrivateKey: string
  readonly #send: (event: DelegateEvent) => void
  readonly #waiting = new Map<
    string,
    { resolve: (secrets: readonly OpenedSecret[]) => void; reject: (error: Error) => void }
  >()

  constructor(options: { accountId: string; sealingPrivateKey: string; send: (event: DelegateEvent) => void }) {
    this.#accountId = options.accountId
    this.#sealingPrivateKey = options.sealingPrivateKey
    this.#send = options.send
  }

  /** Values by name. @throws AppError SECRET_NOT_OPENED with the control plane's reason. */
  async open(taskId: string, secrets: readonly SecretRef[]): Promise<Record<string, string>> {
    if (secrets.length === 0) return {}
    const wanted = [
      ...new Map(secrets.map(({ secretId, version }) => [`${secretId}@${version}`, { secretId, version }])).values(),
    ]
    const requestId = randomUUID()
    const opened = await new Promise<readonly OpenedSecret[]>((resolve, reject) => {
      this.#waiting.set(requestId, { resolve, reject })
      this.#send({ type: 'openSecrets', requestId, taskId, secrets: wanted })
    })
    const values: Record<string, string> = {}
    for (const { name, secretId, version } of secrets) {
      const found = opened.find((candidate) => candidate.secretId === secretId && candidate.version === version)
      if (found === undefined)
        throw new AppError('SECRET_NOT_OPENED', `The control plane did not open the secret behind "${name}".`)
      const dataKey = await openDataKey(found.sealedKey, this.#sealingPrivateKey, { taskId, secretId, version })
      const address = { accountId: this.#accountId, scope: found.scope, id: secretId, version }
      try {
        values[name] = decryptWithDataKey(dataKey, address, found)
      } finally {
        dataKey.fill(0)
      }
    }
    return values
  }

  opened(requestId: string, secrets: readonly OpenedSecret[]): void {
    this.#waiting.get(requestId)?.resolve(secrets)
    this.#waiting.delete(requestId)
  }

  refused(requestId: string, message: string): void {
    this.#waiting
      .get(requestId)
      ?.reject(
        new AppError('SECRET_NOT_OPENED', `The secrets of the step were not opened: ${message.replace(/\.$/, '')}.`),
      )
    this.#waiting.delete(requestId)
  }
}
