export { createAuthority, type CertificateRequest, type IssuedCertificate } from './authority.ts'
export {
  certificateFiles,
  issueCertificates,
  LOCALHOST,
  type CertificateFolders,
  type ListenerNames,
} from './issue-certificates.ts'
