/** Nonce that the gateway gave this page: styles made at run time need it to pass the content policy. */
export function pageNonce(): string {
  return document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? ''
}
