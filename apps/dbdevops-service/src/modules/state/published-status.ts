import type { ChangesetState, PublishedChangesetStatus } from '@sluice/contracts/dbops'

/** What the published status of each of our states is. A changeset that changed since, or that the changelog lost, is deployed. */
export const PUBLISHED_STATUS: Record<ChangesetState, PublishedChangesetStatus> = {
  deployed: 'Successfully_Deployed',
  'ran-now': 'Successfully_Deployed',
  changed: 'Successfully_Deployed',
  unknown: 'Successfully_Deployed',
  pending: 'Not_Deployed',
  skipped: 'Not_Deployed',
  failed: 'Deployment_Failed',
  'rolled-back': 'Rolled_Back',
}
