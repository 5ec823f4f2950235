export { ExpressionError, type ExpressionErrorCode } from './expression-error.ts'
export { evaluate, evaluateCondition, evaluateTree } from './evaluate.ts'
export { isJsonObject, type JsonObject, type JsonValue } from './json.ts'
export { type InputProblem, type MergedInputs, mergeRuntimeInputs } from './merge-runtime-inputs.ts'
export {
  checkInputValue,
  collectRuntimeInputs,
  type InputConstraints,
  isRuntimeInput,
  parseRuntimeInput,
  type RuntimeInput,
} from './runtime-input.ts'
export { checkConditionSyntax, checkTextSyntax } from './parse-expression.ts'
export { hasExpression } from './scan-text.ts'
export { type ContextObject, type ContextValue, type EvaluationScope, Template, template } from './scope.ts'
export {
  findSecretReferences,
  redactSecretReferences,
  replaceSecretReferences,
  secretReference,
} from './secret-reference.ts'
