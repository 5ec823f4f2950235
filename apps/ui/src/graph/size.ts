/** Size of a step, and of a stage or group without steps, in pixels. */
export const STEP_SIZE = { width: 208, height: 44 } as const
