import { readFile, writeFile } from 'node:fs/promises'
import { issueCertificates as issue, LOCALHOST } from '@sluice/certificates'
import type { Layout } from '../folder/layout.ts'

/**
 * The local authority's certificates, once: every service of this machine is reached as localhost.
 * @param gitAuthorities PEM files of authorities that certify git hosts, beside our own
 */
export async function issueCertificates(layout: Layout, gitAuthorities: readonly string[]): Promise<void> {
  await issue(layout, {
    authorityName: 'Sluice on this machine',
    namesOf: () => LOCALHOST,
    others: { git: LOCALHOST },
  })
  const trusted = await Promise.all([layout.caFile, ...gitAuthorities].map((file) => readFile(file, 'utf8')))
  await writeFile(layout.gitTrustFile, trusted.join('\n'), { mode: 0o600 })
}
