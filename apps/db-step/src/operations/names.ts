/** What this step container can be asked to do. */
export const OPERATIONS = ['preview', 'apply', 'status', 'baseline', 'connection.test', 'scm.call'] as const
export type OperationName = (typeof OPERATIONS)[number]

export function isOperation(name: string): name is OperationName {
  return OPERATIONS.some((operation) => operation === name)
}
