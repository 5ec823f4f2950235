import type { Output } from '../../api/call.ts'

export type ConnectorEnvelope = Output<'getConnector'>
export type Connector = ConnectorEnvelope['connector']
export type ConnectorType = Connector['type']

export interface ConnectorKind {
  title: string
  text: string
  kind: 'database' | 'git'
  /** An address as it looks like. */
  example: string
}

/** What there are connectors to, in the order of the catalogue. */
export const CATALOGUE: Record<ConnectorType, ConnectorKind> = {
  JDBC: {
    title: 'Database',
    text: 'A PostgreSQL database by its JDBC URL.',
    kind: 'database',
    example: 'jdbc:postgresql://db.example.com:5432/orders',
  },
  Github: {
    title: 'GitHub',
    text: 'A repository or a whole organisation on GitHub.',
    kind: 'git',
    example: 'https://github.com/acme/orders-db',
  },
  Gitlab: {
    title: 'GitLab',
    text: 'A project or group on GitLab, hosted or your own.',
    kind: 'git',
    example: 'https://gitlab.example.com/acme/orders-db',
  },
  Bitbucket: {
    title: 'Bitbucket',
    text: 'A repository or workspace on Bitbucket.',
    kind: 'git',
    example: 'https://bitbucket.org/acme/orders-db',
  },
  AzureRepo: {
    title: 'Azure Repos',
    text: 'A repository of an Azure DevOps project.',
    kind: 'git',
    example: 'https://dev.azure.com/acme/shop/_git/orders-db',
  },
  Git: {
    title: 'Git',
    text: 'Any other git server that speaks HTTPS.',
    kind: 'git',
    example: 'https://git.example.com/acme/orders-db.git',
  },
}

export const CONNECTOR_TYPES = Object.keys(CATALOGUE).filter((key): key is ConnectorType => key in CATALOGUE)

/** Address that a connector leads to. */
export function addressOf(connector: Connector): string {
  return connector.spec.url
}
