const TABS = ['logs', 'input', 'output', 'plan', 'delegate'] as const
export type StepTab = (typeof TABS)[number]

export interface ExecutionSearch {
  /** Node that is shown; absent: the one that matters now. */
  node?: string
  tab?: StepTab
}

/** Reads the address; what is not understood counts as not asked for. */
export function readExecutionSearch({ node, tab }: Record<string, unknown>): ExecutionSearch {
  return {
    node: typeof node === 'string' && node !== '' ? node : undefined,
    tab: TABS.find((known) => known === tab),
  }
}
