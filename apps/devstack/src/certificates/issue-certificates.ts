import { issueCertificates as issue, LOCALHOST } from '@sluice/certificates'
import type { Layout } from '../folder/layout.ts'

/** The local authority's certificates, once: every service of this machine is reached as localhost. */
export function issueCertificates(layout: Layout): Promise<void> {
  return issue(layout, { authorityName: 'Sluice on this machine', namesOf: () => LOCALHOST })
}
