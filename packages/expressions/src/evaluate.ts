import { excerpt, ExpressionError } from './expression-error.ts'
import { isJsonObject, type JsonValue } from './json.ts'
import { MAX_OPERATIONS, MAX_TEMPLATE_DEPTH, MAX_TEXT_LENGTH, MAX_TREE_DEPTH, MAX_VALUE_LENGTH } from './limits.ts'
import { callStringMethod, unknownMethod } from './methods.ts'
import { add, calculate, compare, isEqual, toBoolean, toText } from './operators.ts'
import { parseExpression, parseText } from './parse-expression.ts'
import { hasExpression } from './scan-text.ts'
import { type ContextValue, type EvaluationScope, isList, Template } from './scope.ts'
import { looksLikeSecretReference, secretReference } from './secret-reference.ts'
import type { SyntaxNode } from './syntax-tree.ts'
import { SecretText } from './secret-text.ts'

/**
 * Evaluates text. `<+a.b>` alone keeps the type of its value; with other text around it the result is a string.
 * A secret becomes a reference with the scope's token. Throws ExpressionError.
 */
export function evaluate(text: string, scope: EvaluationScope): JsonValue {
  const work: Work = { scope, budget: { operations: 0 }, open: [] }
  return finish(evaluateText(text, work), text, work)
}

/**
 * Evaluates a condition: the body of an expression, in which nested `<+…>` are welcome
 * (`<+pipeline.variables.env> == "prod"`). Throws ExpressionError, also when the result is neither true nor false.
 */
export function evaluateCondition(text: string, scope: EvaluationScope): boolean {
  const body = text.trim()
  const work = { scope, budget: { operations: 0 }, open: [], source: body }
  return toBoolean(visit(parseExpression(body), work), body)
}

/** Evaluates every string of a tree of values, keys excepted. Throws ExpressionError with `path`. */
export function evaluateTree(value: JsonValue, scope: EvaluationScope, path = ''): JsonValue {
  return walk(value, scope, path, 0)
}

function walk(value: JsonValue, scope: EvaluationScope, path: string, depth: number): JsonValue {
  if (depth > MAX_TREE_DEPTH) {
    throw new ExpressionError('too_large', 'The values are nested too deeply.', { expression: '', path })
  }
  if (typeof value === 'string') {
    try {
      return evaluate(value, scope)
    } catch (error) {
      if (error instanceof ExpressionError && path !== '') throw error.at(path)
      throw error
    }
  }
  if (Array.isArray(value))
    return value.map((item: JsonValue, index) => walk(item, scope, `${path}[${index}]`, depth + 1))
  if (!isJsonObject(value)) return value
  const entries = Object.entries(value).map(([key, item]): [string, JsonValue] => [
    key,
    walk(item, scope, path === '' ? key : `${path}.${key}`, depth + 1),
  ])
  return Object.fromEntries(entries)
}

/** What a node may evaluate to before it leaves this package. */
type Value = ContextValue | SecretText

interface Work {
  readonly scope: EvaluationScope
  /** Shared by everything that one text leads to. */
  readonly budget: { operations: number }
  /** Templates being evaluated, outermost first. */
  readonly open: Template[]
}
interface Visit extends Work {
  /** The expression as written, for sentences. */
  readonly source: string
}

function evaluateText(text: string, work: Work): Value {
  spend(work, 1 + Math.floor(text.length / 64), text)
  if (!hasExpression(text)) {
    if (text.length > MAX_TEXT_LENGTH) {
      throw new ExpressionError('too_large', `The text is longer than ${MAX_TEXT_LENGTH} characters.`, {
        expression: text,
      })
    }
    return plain(text, text)
  }
  return visit(parseText(text), { ...work, source: text.trim() })
}

function spend(work: Work, operations: number, source: string): void {
  work.budget.operations += operations
  if (work.budget.operations <= MAX_OPERATIONS) return
  throw new ExpressionError('too_large', `Evaluating "${excerpt(source)}" takes too many steps.`, {
    expression: source,
  })
}

/** Text that nobody evaluated may not hold a reference: it comes from a user, a payload or an output. */
function plain(text: string, expression: string): string {
  if (!looksLikeSecretReference(text)) return text
  throw new ExpressionError(
    'secret',
    'The text holds "${secret:", which only an expression may make. Write <+secrets.getValue("identifier")> instead.',
    { expression: looksLikeSecretReference(expression) ? '${secret:' : expression },
  )
}

function visit(node: SyntaxNode, work: Visit): Value {
  spend(work, 1, work.source)
  switch (node.kind) {
    case 'literal':
      return typeof node.value === 'string' ? plain(node.value, work.source) : node.value
    case 'text':
      return join(
        node.parts.map((part) => visit(part, work)),
        work.source,
      )
    case 'name':
    case 'property':
    case 'element':
      return visitPath(node, work)
    case 'secret':
      return visitSecret(node.name, work)
    case 'call': {
      const object = visit(node.object, work)
      const values = node.arguments.map((argument) => visit(argument, work))
      if (isList(object)) return callListMethod(object, node.method, values, work.source)
      return callStringMethod(
        toText(object, work.source),
        node.method,
        values.map((value) => toText(value, work.source)),
        excerpt(work.source),
      )
    }
    case 'unary': {
      const operand = visit(node.operand, work)
      return node.operator === '!' ? !toBoolean(operand, work.source) : calculate('-', 0, operand, work.source)
    }
    case 'conditional':
      return visit(toBoolean(visit(node.test, work), work.source) ? node.whenTrue : node.whenFalse, work)
    case 'binary':
      return visitBinary(node, work)
  }
}

function visitBinary(node: Extract<SyntaxNode, { kind: 'binary' }>, work: Visit): Value {
  const left = visit(node.left, work)
  // Short circuit first: the right side of "exists && value" need not resolve.
  if (node.operator === '&&') return toBoolean(left, work.source) && toBoolean(visit(node.right, work), work.source)
  if (node.operator === '||') return toBoolean(left, work.source) || toBoolean(visit(node.right, work), work.source)
  const right = visit(node.right, work)
  switch (node.operator) {
    case '==':
      return isEqual(left, right, work.source)
    case '!=':
      return !isEqual(left, right, work.source)
    case '<':
    case '>':
    case '<=':
    case '>=':
      return compare(node.operator, left, right, work.source)
    case '+':
      return add(left, right, work.source)
    case '-':
    case '*':
    case '/':
    case '%':
      return calculate(node.operator, left, right, work.source)
  }
}

function visitSecret(name: SyntaxNode, work: Visit): SecretText {
  const { secretToken } = work.scope
  if (secretToken === undefined) {
    throw new ExpressionError('secret', `Secrets can't be used here: "${excerpt(work.source)}".`, {
      expression: work.source,
    })
  }
  return new SecretText(secretReference(secretToken, toText(visit(name, work), work.source)))
}

type PathNode = Extract<SyntaxNode, { kind: 'name' | 'property' | 'element' }>

function visitPath(node: PathNode, work: Visit): Value {
  if (node.kind === 'name') return step(work.scope.context, node.name, '', work)
  const object = visit(node.object, work)
  const name = node.kind === 'property' ? node.name : toText(visit(node.key, work), work.source)
  return step(object, name, describe(node.object), work)
}

/** One segment of a path. Own keys only: nothing of a prototype can be reached. */
function step(object: Value, name: string, before: string, work: Visit): Value {
  if (object instanceof SecretText) {
    throw new ExpressionError(
      'secret',
      `"${excerpt(work.source)}" looks into a secret, which the control plane can't.`,
      {
        expression: work.source,
      },
    )
  }
  const found = member(object, name)
  if (found === undefined) {
    const known =
      typeof object === 'object' && object !== null && !isList(object) ? Object.keys(object).slice(0, 12) : []
    throw new ExpressionError(
      'not_found',
      `"${excerpt(work.source)}" can't be resolved: there is no "${excerpt(name)}"${before === '' ? '' : ` in "${excerpt(before)}"`}${known.length > 0 ? ` (there is: ${known.join(', ')})` : ''}.`,
      { expression: work.source, segment: name },
    )
  }
  return found instanceof Template ? open(found, work) : found
}

function member(object: ContextValue, name: string): ContextValue | undefined {
  if (typeof object === 'string') return name === 'length' ? object.length : undefined
  if (typeof object !== 'object' || object === null || object instanceof Template) return undefined
  if (isList(object)) {
    if (name === 'length') return object.length
    return /^\d{1,6}$/.test(name) ? object[Number(name)] : undefined
  }
  return Object.hasOwn(object, name) ? object[name] : undefined
}

/** Evaluates a variable, refusing one whose value leads back to itself. */
function open(found: Template, work: Visit): Value {
  if (work.open.includes(found)) {
    throw new ExpressionError('cycle', `"${excerpt(work.source)}" leads back to itself.`, { expression: work.source })
  }
  if (work.open.length >= MAX_TEMPLATE_DEPTH) {
    throw new ExpressionError(
      'too_large',
      `"${excerpt(work.source)}" goes through more than ${MAX_TEMPLATE_DEPTH} variables.`,
      {
        expression: work.source,
      },
    )
  }
  work.open.push(found)
  const value = evaluateText(found.text, work)
  work.open.pop()
  return value
}

function describe(node: SyntaxNode): string {
  if (node.kind === 'name') return node.name
  if (node.kind === 'property') return `${describe(node.object)}.${node.name}`
  if (node.kind === 'element') return `${describe(node.object)}[…]`
  return '…'
}

function callListMethod(
  list: readonly ContextValue[],
  method: string,
  values: readonly Value[],
  source: string,
): Value {
  const [first] = values
  if (method === 'contains' && first !== undefined && values.length === 1) {
    return list.some((item) => isEqual(item, first, source))
  }
  if ((method === 'length' || method === 'size') && values.length === 0) return list.length
  throw unknownMethod(method, excerpt(source))
}

function join(parts: readonly Value[], source: string): Value {
  return parts.reduce<Value>(
    (text, part) => add(text, part instanceof SecretText ? part : stringify(part, source), source),
    '',
  )
}

function stringify(value: ContextValue, source: string): string {
  if (typeof value === 'string') return plain(value, source)
  const json = toJson(value, { operations: 0, depth: 0, source })
  return typeof json === 'string' ? json : JSON.stringify(json)
}

function finish(value: Value, text: string, work: Work): JsonValue {
  if (value instanceof SecretText) return value.text
  return toJson(value, { operations: 0, depth: 0, source: text.trim(), work })
}

interface Conversion {
  operations: number
  depth: number
  source: string
  /** Present at the outermost level, where templates inside an object are evaluated too. */
  work?: Work
}

/** Copies a value of the context into JSON, checking each string and bounding depth and size. */
function toJson(value: ContextValue, conversion: Conversion): JsonValue {
  conversion.operations += 1
  if (conversion.operations > MAX_OPERATIONS || conversion.depth > MAX_TREE_DEPTH) {
    throw new ExpressionError('too_large', `The value of "${excerpt(conversion.source)}" is too large.`, {
      expression: conversion.source,
    })
  }
  if (typeof value === 'string') {
    if (value.length > MAX_TEXT_LENGTH || (conversion.depth > 0 && value.length > MAX_VALUE_LENGTH)) {
      throw new ExpressionError('too_large', `The value of "${excerpt(conversion.source)}" is too long.`, {
        expression: conversion.source,
      })
    }
    return plain(value, conversion.source)
  }
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Template) {
    const { work } = conversion
    if (work === undefined) return value.text
    const opened = open(value, { ...work, source: conversion.source })
    return opened instanceof SecretText ? opened.text : toJson(opened, conversion)
  }
  conversion.depth += 1
  const copy: JsonValue = isList(value)
    ? value.map((item) => toJson(item, conversion))
    : Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toJson(item, conversion)]))
  conversion.depth -= 1
  return copy
}
