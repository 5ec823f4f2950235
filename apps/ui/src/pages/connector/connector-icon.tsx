import {
  IconBrandAzure,
  IconBrandBitbucket,
  IconBrandGithub,
  IconBrandGitlab,
  IconDatabase,
  IconGitBranch,
} from '@tabler/icons-react'
import type { ConnectorType } from './catalogue.ts'

const ICONS: Record<ConnectorType, typeof IconDatabase> = {
  JDBC: IconDatabase,
  Github: IconBrandGithub,
  Gitlab: IconBrandGitlab,
  Bitbucket: IconBrandBitbucket,
  AzureRepo: IconBrandAzure,
  Git: IconGitBranch,
}

/** Mark of a connector's type; a word stands beside it everywhere. */
export function ConnectorIcon({ type, size = 16 }: { type: ConnectorType; size?: number }) {
  const Icon = ICONS[type]
  return <Icon size={size} stroke={1.7} aria-hidden />
}
