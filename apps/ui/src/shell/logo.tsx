/** The mark: water behind a gate. */
export function Logo({ size = 24 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" role="img" aria-label="Sluice">
      <rect width="32" height="32" rx="8" fill="#0b7285" />
      <path
        d="M7 10.5c3 0 3 2 6 2s3-2 6-2 3 2 6 2M7 16c3 0 3 2 6 2s3-2 6-2 3 2 6 2M7 21.5c3 0 3 2 6 2s3-2 6-2 3 2 6 2"
        fill="none"
        stroke="#fff"
        strokeWidth="2.4"
        strokeLinecap="round"
      />
    </svg>
  )
}
