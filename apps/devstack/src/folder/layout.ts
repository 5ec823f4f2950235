import { join } from 'node:path'

/** Where things lie in the data folder. Everything below is readable by its owner only. */
export interface Layout {
  root: string
  lockFile: string
  /** Passwords, ports and the processes of the last run. */
  stateFile: string
  logs: string
  postgres: string
  redis: string
  /** The certificate authority with its key; no service is told of it. */
  authority: string
  /** Certificates, one folder per service, and the authority's certificate. */
  certificates: string
  caFile: string
  /** The authorities that git trusts beside the well-known ones: ours, and what the caller names. */
  gitTrustFile: string
  /** Wraps the data keys of secrets. The two services that the table lets use it make it, whichever comes first. */
  kekFile: string
  /** Present from the first start until the password was shown. */
  firstPasswordFile: string
  delegateTokenFile: string
  /** Working clone of the demo's repository, for people. */
  demo: string
  /** How far the demo is. */
  demoStateFile: string
  compileCache: string
  logFileOf(process: string): string
  dataDirOf(process: string): string
}

export function layoutOf(root: string): Layout {
  return {
    root,
    lockFile: join(root, 'lock.json'),
    stateFile: join(root, 'state.json'),
    logs: join(root, 'logs'),
    postgres: join(root, 'postgres'),
    redis: join(root, 'redis'),
    authority: join(root, 'authority'),
    certificates: join(root, 'certificates'),
    caFile: join(root, 'certificates', 'ca.pem'),
    gitTrustFile: join(root, 'certificates', 'git-trust.pem'),
    kekFile: join(root, 'keys', 'kek'),
    firstPasswordFile: join(root, 'first-start', 'password'),
    delegateTokenFile: join(root, 'first-start', 'delegate-token'),
    demo: join(root, 'demo'),
    demoStateFile: join(root, 'demo.json'),
    compileCache: join(root, 'cache', 'compiled'),
    logFileOf: (process) => join(root, 'logs', `${process}.log`),
    dataDirOf: (process) => join(root, 'data', process),
  }
}
