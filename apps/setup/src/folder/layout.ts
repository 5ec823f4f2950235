import { join } from 'node:path'
import type { CertificateFolders } from '@sluice/certificates'

/** Where the jobs find the volumes of an installation. Each folder below is a volume of its own. */
export interface Layout extends CertificateFolders {
  /** Volume that only its owner mounts: a service's name, `delegate`, `postgres` or `redis`. */
  folderOf(owner: string): string
  /** Passwords of the stores. Of the two jobs only. */
  passwordsFile: string
  /** Wraps the data keys of secrets; of ng-core and delegate-service. */
  kekFile: string
  /** Password of the first account, until there is one. Of ng-core. */
  firstPasswordFile: string
}

export function layoutOf(root: string): Layout {
  const folderOf = (owner: string) => join(root, owner)
  return {
    folderOf,
    authority: folderOf('authority'),
    caFile: join(folderOf('authority'), 'ca.pem'),
    certificates: root,
    passwordsFile: join(folderOf('stores'), 'passwords.json'),
    kekFile: join(folderOf('keys'), 'kek'),
    firstPasswordFile: join(folderOf('ng-core'), 'first-password'),
  }
}
