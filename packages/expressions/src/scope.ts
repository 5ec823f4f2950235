import type { JsonValue } from './json.ts'

/** A value of the context that is itself text with expressions: a variable of the pipeline's author. */
export class Template {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** Marks text of the pipeline's author as text to evaluate when it is looked up. Never use it for outputs or payloads. */
export function template(text: string): Template {
  return new Template(text)
}

/** What paths are looked up in. Strings in it are data, however they look; only templates are evaluated. */
export type ContextValue = JsonValue | Template | readonly ContextValue[] | ContextObject
export interface ContextObject {
  readonly [key: string]: ContextValue
}

export interface EvaluationScope {
  readonly context: ContextObject
  /** Token of the execution; without it a secret in the text is refused. */
  readonly secretToken?: string
}

/** Array.isArray for values that are read-only. */
export function isList(value: unknown): value is readonly ContextValue[] {
  return Array.isArray(value)
}
