export { createProcessRuntime, type ProcessRuntimeOptions } from './process/create-process-runtime.ts'
export type {
  LogDestination,
  OutputValue,
  Pod,
  PodRuntime,
  PodEnd,
  PodSpec,
  StepEvent,
  StepOutcome,
  StepRequest,
  UnitStatus,
} from './runtime/pod-runtime.ts'
